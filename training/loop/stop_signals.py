"""Collect the signals that ask a training to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM in a list; after the first one, each has its usual effect again.

    Python allows handlers in the main thread only; in another thread the list stays empty.
    """
    received: list[int] = []
    previous: dict[int, Any] = {}

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)
        for known, handler in previous.items():
            signal.signal(known, handler)

    if threading.current_thread() is threading.main_thread():
        previous.update({number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)})
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
