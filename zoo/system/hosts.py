"""Find out whether a download host answers, without waiting for the operating system's time-outs."""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

PATIENCE = 5.0
"""Seconds within which a download host has to answer."""


def host_of(url: str) -> str:
    """Return the host name in a URL, or the URL if it has none."""
    return urlsplit(url).hostname or url


def answers(url: str, seconds: float = PATIENCE) -> bool:
    """Return whether the host of `url`, or the proxy on the way to it, answers a request within `seconds`.

    Any status below 500 counts, even one that refuses the request. A status of 500 or more does not, because proxies
    return one when they cannot reach the host.
    """
    answer: queue.Queue[bool] = queue.Queue()
    # Resolving a name has no time-out and may block for minutes, so it runs in a thread that does not delay an exit.
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
