import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from zoo.system.hosts import answers, host_of


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(("status", "reachable"), [(200, True), (404, True), (403, True), (502, False), (503, False)])
def test_status(server: str, status: int, reachable: bool) -> None:
    assert answers(f"{server}/{status}") is reachable


def test_closed_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert not answers(f"http://127.0.0.1:{port}/")


def test_silent_host_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        assert not answers(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)
        assert time.monotonic() - start < 2


def test_blocked_name_look_up_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def block(*_: object, **__: object) -> None:
        time.sleep(1)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", block)
    start = time.monotonic()
    assert not answers("http://nowhere.invalid/", seconds=0.2)
    assert time.monotonic() - start < 0.9


def test_host_of() -> None:
    assert host_of("https://storage.googleapis.com/cvdf-datasets/mnist/a.gz") == "storage.googleapis.com"
