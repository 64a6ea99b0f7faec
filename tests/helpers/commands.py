"""Run a command line of this project in a process, or in this one, which saves seconds of imports."""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
# Python prints no warnings of these categories unless it is asked for them; pytest asks.
NOT_PRINTED = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment with the project importable and without the caller's cluster."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("TF_CONFIG", "SLURM_PROCID")}
    return inherited | {"PYTHONPATH": str(ROOT)} | extra


def run_process(
    arguments: Sequence[object], folder: Path, extra: dict[str, str], within: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `python -m <arguments>` in a folder, through the program `within` if one is given."""
    return subprocess.run(
        [*within, sys.executable, "-m", *map(str, arguments)],
        cwd=folder,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def run_here(arguments: Sequence[object], folder: Path, extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Call the `main` that `python -m <arguments>` would call, in a folder, and return what that process would return.

    The folder and the environment are restored afterwards. Loggers that TensorFlow made before keep their own stream:
    a test that a command is silent needs a process.
    """
    name, *given = map(str, arguments)
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"{name}.__main__")
    with contextlib.chdir(folder), _process_state([name, *given], environment(**extra)), captured() as (out, err):
        code = _exit_code(module.main)
        return subprocess.CompletedProcess([name, *given], code, _content(out), _content(err))


@contextlib.contextmanager
def _process_state(arguments: list[str], variables: dict[str, str]) -> Iterator[None]:
    """Let this process have these arguments and only these environment variables, until the block ends."""
    before = sys.argv, dict(os.environ)
    sys.argv = arguments
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        sys.argv, inherited = before
        os.environ.clear()
        os.environ.update(inherited)


def _exit_code(main: Callable[[], int]) -> int:
    """Return the exit code of a process that calls `main`."""
    try:
        return main() or 0
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
    except Exception:
        traceback.print_exc()
    return 1


@contextlib.contextmanager
def captured() -> Iterator[tuple[TextIO, TextIO]]:
    """Write what Python and native code print, warnings included, to two temporary files until the block ends."""

    def show(message, category, filename, lineno, file=None, line=None) -> None:
        if not issubclass(category, NOT_PRINTED):
            sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))

    with contextlib.ExitStack() as ends:
        out, err = (ends.enter_context(tempfile.TemporaryFile("w+")) for _ in range(2))
        ends.enter_context(_descriptor_to(1, out))
        ends.enter_context(_descriptor_to(2, err))
        ends.enter_context(contextlib.redirect_stdout(out))
        ends.enter_context(contextlib.redirect_stderr(err))
        ends.enter_context(warnings.catch_warnings())
        warnings.showwarning = show
        yield out, err


@contextlib.contextmanager
def _descriptor_to(number: int, file: TextIO) -> Iterator[None]:
    """Let a file descriptor, to which native code writes, lead to a file until the block ends."""
    original = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        os.dup2(original, number)
        os.close(original)


def _content(file: TextIO) -> str:
    file.flush()
    file.seek(0)
    return file.read()
