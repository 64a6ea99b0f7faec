"""Run the commands of `zoo` and `training`: exit codes, errors of one line, signals, and names that are not UTF-8."""

import argparse
import io
import os
import signal
import sys
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple, NoReturn

DONE, FAILED, BAD_INPUT, SIGNALLED = 0, 1, 2, 128
"""Exit codes; a command that a signal stopped ends with `SIGNALLED` plus the signal's number."""
PIPE_CLOSED = SIGNALLED + signal.SIGPIPE
"""The exit code of a command whose output nothing reads any more, as of a program that SIGPIPE stops."""


class CommandError(ValueError):
    """Report a request that cannot be carried out; the message is one line. Commands exit with code 2."""


class Ending(NamedTuple):
    """Say how a command ends after an exception.

    Attributes:
        code: the exit code.
        message: one line for stderr; None to print nothing.
    """

    code: int
    message: str | None


class OneLineParser(argparse.ArgumentParser):
    """Parse arguments and report errors in one line; `--help` prints the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {one_line(message)}\n")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the argument `--import MODULE`, which may be given several times, as `modules`."""
    parser.add_argument(
        "--import",
        action="append",
        default=[],
        metavar="MODULE",
        dest="modules",
        help="a module that defines custom layers of the model's file; importing it runs its code",
    )


def run_command(options: argparse.Namespace, explain: Callable[[BaseException], Ending | None]) -> int:
    """Run `options.command(options)` and return the exit code.

    Args:
        options: the parsed arguments. `command` is a function that returns an exit code or None for 0; `prog` is the
            name that messages begin with.
        explain: returns how the command ends after an exception; None for a defect, whose traceback is shown.
    """
    print_names_of_any_encoding()
    try:
        code = options.command(options) or DONE
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of the output, such as `head`, has seen enough. At its end Python would flush, and complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except BaseException as error:
        ending = explain(error)
        if ending is None:
            raise
        return ending.code if ending.message is None else complain(options.prog, ending.message, ending.code)


def complain(program: str, message: object, code: int) -> int:
    """Print a message to stderr after the program's name, and return the exit code that was passed."""
    print(f"{program}: {one_line(message)}", file=sys.stderr)
    return code


def one_line(text: object) -> str:
    r"""Return a text with its control characters as escapes such as `\n`: a file's name may hold any of them."""
    return "".join(f"\\x{ord(each):02x}" if unicodedata.category(each) == "Cc" else each for each in str(text))


def raise_on_signals(exception: Callable[[int], BaseException], *numbers: int) -> None:
    """Raise an exception in the main thread when the process receives one of some signals.

    Args:
        exception: returns the exception for the signal's number.
        *numbers: the signals.
    """

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise exception(number)

    for number in numbers:
        signal.signal(number, stop)


def print_names_of_any_encoding() -> None:
    r"""Let stdout and stderr print characters that they cannot encode with a backslash, such as `caf\udce9.png`.

    Python reads the bytes of a file's name that are not UTF-8 as such characters. Printing one to stdout would
    otherwise end the command with a traceback, after its work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
