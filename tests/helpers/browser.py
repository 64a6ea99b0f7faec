"""Drive a browser in tests: Debian's Chromium, through the protocol of chromedriver."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
)
# Web components keep their text in a shadow root, which `innerText` leaves out.
_TEXT = """
const text = node => [...node.childNodes].map(child => child.nodeType === 3 ? child.data : text(child)).join("")
  + (node.shadowRoot ? text(node.shadowRoot) : "");
return text(document.body).replace(/\\s+/g, " ");
"""


class Page:
    """Control one window of the browser.

    Args:
        address: of the driver's session.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def open(self, address: str) -> None:
        """Load a page."""
        self._post("url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of JavaScript."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, *words: str, seconds: float = 120) -> None:
        """Return once the page shows all the words."""
        until = time.monotonic() + seconds
        while missing := [word for word in words if word not in self.run(_TEXT)]:
            assert time.monotonic() < until, f"the page does not show {missing}: {self.run(_TEXT)[:2000]}"
            time.sleep(0.5)

    def errors(self) -> list[str]:
        """Return the errors in the browser's log."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def picture(self, path: Path) -> None:
        """Save a screenshot of the window."""
        path.write_bytes(base64.b64decode(_ask(f"{self._address}/screenshot", None)))

    def _post(self, command: str, values: dict[str, Any]) -> Any:
        return _ask(f"{self._address}/{command}", values)


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """Start a headless browser with a new profile, and stop it at the end of the block."""
    port = free_port()
    driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_port(port)
        options = {"args": [*_FLAGS, f"--user-data-dir={profile}"], "binary": BROWSER}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = _ask(f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        try:
            yield Page(f"{address}/session/{session}")
        finally:
            _ask(f"{address}/session/{session}", None, "DELETE")
    finally:
        driver.terminate()
        driver.wait(30)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for_port(port: int, seconds: float = 90) -> None:
    """Return once something listens on a port."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until, f"nothing listens on port {port}"
            time.sleep(0.2)


def _ask(address: str, values: dict[str, Any] | None, method: str = "") -> Any:
    body = None if values is None else json.dumps(values).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method=method or None)
    # Connect directly: a proxy of the machine cannot reach the machine itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=180) as answer:
        return json.loads(answer.read())["value"]
