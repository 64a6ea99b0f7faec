"""Fetch the browser's runtime, two packages of pinned versions and digests, once, from the npm registry."""

import base64
import hashlib
import io
import os
import tarfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zoo.system.files import written_beside

VERSION = "2.5.3"
REGISTRY = "https://registry.npmjs.org"
_PATIENCE = 60.0
# No file of a package is nearly as large; a registry that sends more than this sends something else.
_LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Package:
    """Describe a package of the npm registry.

    Attributes:
        name: with its scope.
        digest: SHA-512 of its tarball in base64, as in a lock file of npm.
        files: paths in the tarball, and the names that the page knows them by.
    """

    name: str
    digest: str
    files: dict[str, str]

    @property
    def file_name(self) -> str:
        """Return the name of the tarball."""
        return f"{self.name.rpartition('/')[2]}-{VERSION}.tgz"

    @property
    def address(self) -> str:
        """Return where the tarball is, in the registry that npm's own setting `NPM_CONFIG_REGISTRY` names."""
        registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")
        return f"{registry}/{self.name}/-/{self.file_name}"


# For browsers with relaxed SIMD, for pages that may use several threads, for graphics cards, and for other browsers.
_VARIANTS = tuple(f"litert_wasm_{kind}internal" for kind in ("", "threaded_", "jspi_", "compat_"))

PACKAGES = (
    Package(
        "@litertjs/core",
        "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        {"package/dist/index.js": "litert.js"}
        | {f"package/wasm/{name}.{kind}": f"{name}.{kind}" for name in _VARIANTS for kind in ("js", "wasm")},
    ),
    Package(
        "@litertjs/wasm-utils",
        "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        {"package/dist/index.js": "wasm-utils.js"},
    ),
)


class PackageUnavailableError(OSError):
    """Report a package that is not on this machine and cannot be fetched; the message is one line."""


def runtime_files(cache: Path, say: Callable[[str], None]) -> dict[str, bytes]:
    """Return the runtime's files by the names that the page knows them by.

    Args:
        cache: the folder that tarballs are kept in; it is made if it does not exist.
        say: called with a line before something is fetched.

    Raises:
        PackageUnavailableError: a package is not in the folder and cannot be fetched, or is not the pinned one.
    """
    files: dict[str, bytes] = {}
    for package in PACKAGES:
        with tarfile.open(fileobj=io.BytesIO(_tarball(package, cache, say))) as tar:
            for path, name in package.files.items():
                file = tar.extractfile(path)
                assert file is not None
                files[name] = file.read()
    files["litert.js"] = _resolved(files["litert.js"])
    return {name: _without_source_map(content) if name.endswith(".js") else content for name, content in files.items()}


def _tarball(package: Package, cache: Path, say: Callable[[str], None]) -> bytes:
    path = cache / package.file_name
    if path.is_file():
        content = path.read_bytes()
        if _digest(content) == package.digest:
            return content
    say(f"fetching {package.name} {VERSION}")
    try:
        with urllib.request.urlopen(package.address, timeout=_PATIENCE) as answer:
            content = answer.read(_LARGEST)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise PackageUnavailableError(
            f"{package.name} {VERSION}, which the page needs, is not on this machine and could not be fetched "
            f"({reason}); try again with a network, or put {package.address} into {cache}"
        ) from error
    if _digest(content) != package.digest:
        raise PackageUnavailableError(
            f"{package.address} is not the file that this version of zoo was written for (its sha512 differs)"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with written_beside(path) as file:
        file.write(content)
    return content


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def _resolved(script: bytes) -> bytes:
    """Return a script that imports the other package by its file: workers have no map of names."""
    bare = b'from "@litertjs/wasm-utils"'
    assert script.count(bare) == 1
    return script.replace(bare, b'from "./wasm-utils.js"')


def _without_source_map(script: bytes) -> bytes:
    """Return a script without the address of its source map, which the page does not hold."""
    return b"\n".join(line for line in script.split(b"\n") if not line.startswith(b"//# sourceMappingURL="))
