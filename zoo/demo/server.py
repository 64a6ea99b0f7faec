"""Serve a folder of plain files to browsers of this machine."""

import http.server
import urllib.parse
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from zoo.command_line import CommandError

HOST = "127.0.0.1"
_HEADERS = {
    # Nothing is loaded from, or sent to, anywhere else. WebAssembly has a word of its own, which allows no other code.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # These two allow a page to use several threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A page that was built again is seen at once.
    "Cache-Control": "no-cache",
}
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Answer GET and HEAD with the files of a folder and nothing else."""

    protocol_version = "HTTP/1.1"
    server_version = "zoo"
    sys_version = ""

    def send_head(self) -> Any:
        """Refuse paths that leave the folder, by `..` or by a link; list no folder."""
        # Before its own treatment, which leaves parts such as `..` out and would answer with another file.
        parts = Path(urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")).parts
        inside = Path(self.translate_path(self.path)).resolve().is_relative_to(Path(self.directory).resolve())
        if ".." in parts or not inside:
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        return super().send_head()

    def list_directory(self, _: Any) -> None:
        """Answer that there is no such file."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def guess_type(self, path: Any) -> str:
        """Return the type by the file's ending, not as this machine is configured."""
        return _TYPES.get(Path(path).suffix.lower(), "application/octet-stream")

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing: the page's requests are of no interest."""


def create_server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """Return a server of a folder on 127.0.0.1, which listens already.

    Args:
        folder: what is served.
        port: 0 for any free one.

    Raises:
        CommandError: the port is taken, or this user may not open it.
    """
    try:
        return http.server.ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise CommandError(
            f"port {port} of {HOST} cannot be opened: {error.strerror}; name another with --port, or 0 for a free one"
        ) from error
