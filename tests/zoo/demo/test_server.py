import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.command_line import CommandError
from zoo.demo.server import create_server


@pytest.fixture
def served(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    """Serve a folder that holds a page, a subfolder and a link out of it, beside a file that is not served."""
    folder = tmp_path / "page"
    (folder / "runtime").mkdir(parents=True)
    (folder / "index.html").write_text("<title>here</title>")
    (folder / "runtime" / "a.wasm").write_bytes(b"\0asm")
    (folder / "worker.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    server = create_server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    yield connection
    connection.close()
    server.shutdown()
    server.server_close()
    thread.join()


def _answer(connection: http.client.HTTPConnection, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer, answer.read()


def test_files_have_their_types_and_the_headers_that_isolate_the_page(served: http.client.HTTPConnection) -> None:
    types = {"/": "text/html", "/worker.js": "text/javascript", "/runtime/a.wasm": "application/wasm"}
    for path, kind in types.items():
        answer, _ = _answer(served, path)
        assert answer.status == 200
        assert answer.headers.get_content_type() == kind
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline" not in policy and "'unsafe-eval'" not in policy and "http" not in policy


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/runtime/../../secret.txt", "/link.txt"])
def test_a_path_that_leaves_the_folder_is_refused(served: http.client.HTTPConnection, path: str) -> None:
    answer, content = _answer(served, path)
    assert answer.status == 403
    assert b"secret\n" not in content and content != b"secret"


@pytest.mark.parametrize("path", ["/runtime/", "/nothing.js"])
def test_folders_are_not_listed(served: http.client.HTTPConnection, path: str) -> None:
    assert _answer(served, path)[0].status == 404


def test_only_reading_is_answered(served: http.client.HTTPConnection) -> None:
    served.request("POST", "/", b"x")
    assert served.getresponse().status == 501


def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    with create_server(tmp_path, 0) as server:
        port = server.server_address[1]
        with pytest.raises(CommandError, match=f"port {port} of 127.0.0.1 cannot be opened: .*; name another with"):
            create_server(tmp_path, port)
