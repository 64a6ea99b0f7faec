import base64
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from zoo.demo import packages
from zoo.demo.packages import Package, PackageUnavailableError, runtime_files


def _tarball(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, data in files.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(data)
            tar.addfile(facts, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serve a small package as the registry of npm does, and yield the paths that are asked for."""
    script = b'import { x } from "@litertjs/wasm-utils";\n//# sourceMappingURL=index.js.map\n'
    content = _tarball({"package/dist/index.js": script, "package/secret": b"not taken"})
    place = tmp_path / "registry" / "@small" / "core" / "-"
    place.mkdir(parents=True)
    package = Package(
        "@small/core",
        base64.b64encode(hashlib.sha512(content).digest()).decode(),
        {"package/dist/index.js": "litert.js"},
    )
    (place / package.file_name).write_bytes(content)
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "registry")))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setattr(packages, "PACKAGES", (package,))
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_package_is_fetched_once_and_only_its_named_files_are_taken(registry: list[str], tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        files = runtime_files(tmp_path / "cache", said.append)
        assert files == {"litert.js": b'import { x } from "./wasm-utils.js";\n'}
    assert registry == [f"/@small/core/-/core-{packages.VERSION}.tgz"]
    assert said == [f"fetching @small/core {packages.VERSION}"]


def test_a_damaged_tarball_of_the_cache_is_fetched_again(registry: list[str], tmp_path: Path) -> None:
    runtime_files(tmp_path / "cache", lambda _: None)
    next((tmp_path / "cache").iterdir()).write_bytes(b"half of it")
    assert "litert.js" in runtime_files(tmp_path / "cache", lambda _: None)
    assert len(registry) == 2


def test_another_tarball_than_the_pinned_one_is_refused_and_not_kept(registry: list[str], tmp_path: Path) -> None:
    served = next((tmp_path / "registry").rglob("*.tgz"))
    served.write_bytes(_tarball({"package/dist/index.js": b"evil()"}))
    with pytest.raises(PackageUnavailableError, match="is not the file that this version of zoo was written for"):
        runtime_files(tmp_path / "cache", lambda _: None)
    assert registry and not (tmp_path / "cache").exists()
