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
# The name that the protocol gives to a reference to an element.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
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

    def click(self, selector: str) -> None:
        """Click the middle of an element, as the mouse does."""
        self._post(f"element/{self._element(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Type on the keyboard into an element; into one that takes a file, its path."""
        self._post(f"element/{self._element(selector)}/value", {"text": text})

    def drag(self, selector: str, *places: tuple[int, int]) -> None:
        """Move the mouse over places in pixels from an element's middle, its button pressed from the first on."""
        origin = {_ELEMENT: self._element(selector)}
        moves = [
            {"type": "pointerMove", "duration": 20, "origin": origin, "x": round(x), "y": round(y)} for x, y in places
        ]
        button = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        actions = [moves[0], button[0], *moves[1:], button[1]]
        self._post("actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]})

    def tell(self, command: str, **values: Any) -> Any:
        """Send a command of Chromium's own protocol, such as `Browser.setDownloadBehavior`, and return the answer."""
        return self._post("goog/cdp/execute", {"cmd": command, "params": values})

    def wait_until(self, script: str, seconds: float = 120) -> Any:
        """Return what JavaScript returns as soon as that is true."""
        until = time.monotonic() + seconds
        while not (result := self.run(script)):
            assert time.monotonic() < until, f"not true within {seconds} s: {script}"
            time.sleep(0.1)
        return result

    def messages(self) -> list[str]:
        """Return all that the browser's log holds, errors or not, since it was last asked."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def picture(self, path: Path) -> None:
        """Save a screenshot of the window."""
        path.write_bytes(base64.b64decode(_ask(f"{self._address}/screenshot", None)))

    def _element(self, selector: str) -> str:
        return self._post("element", {"using": "css selector", "value": selector})[_ELEMENT]

    def _post(self, command: str, values: dict[str, Any]) -> Any:
        return _ask(f"{self._address}/{command}", values)


@contextmanager
def browser(profile: Path, *flags: str) -> Iterator[Page]:
    """Start a headless browser with a new profile, and more flags if any, and stop it at the end of the block."""
    port = free_port()
    driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_port(port)
        options = {"args": [*_FLAGS, *flags, f"--user-data-dir={profile}"], "binary": BROWSER}
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
