"""Put the page, the browser's runtime and the converted models together in one folder of plain files."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from zoo.command_line import CommandError
from zoo.demo.catalogue import Catalogue, catalogue
from zoo.demo.models import FACTS, write_models
from zoo.demo.packages import PACKAGES, VERSION, runtime_files
from zoo.pretrained.load import locate
from zoo.system.files import appears_whole, write_json

MODELS, RUNTIME, RUNTIME_FACTS = "models", "runtime", "runtime.json"
_PAGE = Path(str(files("zoo.demo"))) / "page"
_Say = Callable[[str], None]


def cache_folder() -> Path:
    """Return the folder that keeps what the page is built of: `XDG_CACHE_HOME` or `~/.cache`, and a name."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "subpixel-zoo"


def built_page(say: _Say) -> Path:
    """Return a folder with the whole page, in the cache; what is there from earlier is not built again.

    Raises:
        PackageUnavailableError: the runtime is not on this machine and cannot be fetched.
        VerificationError: a published file differs from the index.
    """
    chosen = catalogue()
    folder = cache_folder() / "demo" / f"page-{_key(chosen, _page_files())}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.parent):
        # Another process may have built the page while this one waited for it.
        if folder.is_dir():
            return folder
        _assemble(folder, chosen, say)
        for old in folder.parent.glob("page-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process build at a time; the lock ends with the process that holds it."""
    import fcntl

    with (cache / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_page(folder: Path, say: _Say) -> None:
    """Write the whole page into a folder of plain files, which any web server can serve from any address.

    Raises:
        CommandError: something else than an earlier page has that name, or it lies in no folder.
        PackageUnavailableError, VerificationError: as for `built_page`.
    """
    if folder.exists() and not (folder / MODELS / FACTS).is_file():
        raise CommandError(f"{folder} exists already and is no page that this command wrote; name another folder")
    if not folder.absolute().parent.is_dir():
        raise CommandError(f"{folder.absolute().parent} is not a folder")
    page = built_page(say)
    with appears_whole(folder.absolute()) as temporary:
        shutil.copytree(page, temporary)


def _assemble(folder: Path, chosen: Catalogue, say: _Say) -> None:
    # The runtime comes first, because without a network the command should fail before it converts for a minute.
    runtime = runtime_files(cache_folder() / "packages", say)
    models = _models(folder.parent, chosen, say)
    with appears_whole(folder) as temporary:
        shutil.copytree(_PAGE, temporary, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copytree(models, temporary / MODELS)
        place = temporary / RUNTIME
        place.mkdir()
        for name, content in runtime.items():
            (place / name).write_bytes(content)
        sizes = {name: len(content) for name, content in runtime.items() if name.endswith(".wasm")}
        write_json(place / RUNTIME_FACTS, {"name": PACKAGES[0].name, "version": VERSION, "bytes": sizes})


def _models(cache: Path, chosen: Catalogue, say: _Say) -> Path:
    folder = cache / f"models-{_key(chosen, _converting_files())}"
    if not folder.is_dir():
        say(f"converting {len(chosen.names)} models for the browser, once")
        with appears_whole(folder) as temporary:
            temporary.mkdir()
            from zoo.system.quiet_tensorflow import start_tensorflow

            start_tensorflow()
            write_models(temporary, chosen, say)
        for old in cache.glob("models-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    return folder


def _key(chosen: Catalogue, sources: list[Path]) -> str:
    """Return a digest of all that decides what is built: the published files, the runtime and the code."""
    digest = hashlib.sha256(json.dumps({name: locate(name)[1] for name in chosen.names}, sort_keys=True).encode())
    digest.update("".join(package.digest for package in PACKAGES).encode())
    for path in sorted(sources):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _page_files() -> list[Path]:
    return [path for path in (*_PAGE.rglob("*"), *_converting_files()) if path.is_file()]


def _converting_files() -> list[Path]:
    """Return the code that decides how models are converted."""
    package = _PAGE.parents[1]
    folders = ("demo", "formats", "convert", "network", "upsampling", "upscaling", "models", "layers")
    return [path for folder in folders for path in (package / folder).glob("*.py")]
