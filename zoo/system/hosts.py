"""Whether a download host answers, without waiting for the operating system's own time-outs."""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

PATIENCE = 5.0
"""Seconds that a download host has to answer in."""


def host_of(url: str) -> str:
    """The host name in a URL."""
    return urlsplit(url).hostname or url


def answers(url: str, seconds: float = PATIENCE) -> bool:
    """Whether the host of `url`, or the proxy on the way to it, answers a request within `seconds`.

    Any answer of the host counts, even a refusal of this very request; an answer of 500 or more does not,
    because proxies say so when they cannot reach the host.
    """
    answer: queue.Queue[bool] = queue.Queue()
    # A daemon thread, because resolving a name cannot be given a time-out and may block for minutes.
    threading.Thread(target=lambda: answer.put(_request(url, seconds)), daemon=True).start()
    try:
        return answer.get(timeout=seconds)
    except queue.Empty:
        return False


def _request(url: str, seconds: float) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError, http.client.HTTPException):
        return False
