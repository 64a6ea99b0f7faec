"""Check that long work shows that it goes on: lines in a file or a pipe, a bar on a terminal."""

import io
import re
import time

from rich.console import Console

from training.reporting import Waiting


def until(happened):
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_pipe_gets_lines_from_time_to_time_and_none_for_short_work():
    out = io.StringIO()
    with Waiting(Console(file=out), "exporting") as waiting:
        waiting.show("measuring", 1, 4)
    assert out.getvalue() == ""
    with Waiting(Console(file=out), "exporting", seconds=0.01) as waiting:
        until(lambda: "exporting" in out.getvalue())
        waiting.show("measuring", 1, 4)
        until(lambda: "measuring" in out.getvalue())
    lines = out.getvalue().splitlines()
    assert re.fullmatch(r"exporting  \d+ s so far", lines[0])
    assert re.fullmatch(r"measuring: 1/4 pictures  \d+ s left", lines[-1])


def test_a_terminal_gets_a_bar_that_disappears():
    out = io.StringIO()
    with Waiting(Console(file=out, force_terminal=True, width=80), "exporting", seconds=0.0) as waiting:
        waiting.show("measuring", 30, 40)
    assert "measuring: 30/40 pictures" in out.getvalue()
    assert "so far" not in out.getvalue()
    # The last thing is to erase the line of the bar.
    assert out.getvalue().endswith("\x1b[2K")


def test_an_error_ends_it():
    out = io.StringIO()
    try:
        with Waiting(Console(file=out), "exporting", seconds=0.02):
            raise OSError
    except OSError:
        time.sleep(0.05)
    assert out.getvalue() == ""
