"""Show that long work goes on which prints nothing itself."""

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0


class Waiting:
    """Show how far long work is: a bar on a terminal, a line every ten seconds in a file or a pipe.

    It is a context manager; the bar disappears at its end. Lines come from a thread, because some work is one long call
    into TensorFlow.

    Args:
        console: to print to.
        words: what is done first, such as `"exporting"`.
        seconds: between two lines.
    """

    def __init__(self, console: Console, words: str, seconds: float = SECONDS_BETWEEN_LINES) -> None:
        self._console = console
        self._seconds = seconds
        self._words, self._done, self._total, self._began = words, 0, 0, time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._print_lines, daemon=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        if console.is_terminal:
            columns = BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}")
            self._progress = Progress(*columns, console=console, transient=True)
            self._task = self._progress.add_task(words, total=None)

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        else:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()
        else:
            self._ended.set()
            self._thread.join()

    def show(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is done now, and how many of how many pictures are done; a total of 0 is not known."""
        if words != self._words:
            self._began = time.monotonic()
            if self._progress:
                self._progress.reset(self._task)
        self._words, self._done, self._total = words, done, total
        if self._progress:
            self._progress.update(self._task, description=self._text(), completed=done, total=total or None)

    def _text(self) -> str:
        return f"{self._words}: {self._done}/{self._total} pictures" if self._total else self._words

    def _print_lines(self) -> None:
        while not self._ended.wait(self._seconds):
            seconds = time.monotonic() - self._began
            left = seconds * (self._total - self._done) / self._done if self._done else 0.0
            self._console.print(f"{self._text()}  {f'{left:.0f} s left' if self._done else f'{seconds:.0f} s so far'}")
