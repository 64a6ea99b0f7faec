"""Run the commands of `zoo` and `training`: exit codes, errors of one line, signals, and names that are not UTF-8."""

import argparse
import io
import itertools
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any, NamedTuple, NoReturn

from zoo.names import closest, remedy

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
    """Parse arguments and report errors in one line, with the names that exist; `--help` prints the usage."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.register("type", int, _whole_number)

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with code 2."""
        required = message.partition("the following arguments are required: ")[2]
        if required:
            names = required.split(", ")
            explained = [f"{name}: {self._explained(name)}" for name in names]
            message = "; ".join([message, *(explained if len(names) > 1 else [self._explained(names[0])])])
        self.exit(BAD_INPUT, f"{self.prog}: {one_line(message)}\n")

    def _explained(self, name: str) -> str:
        """Return what an argument is, from the name that messages call it by."""
        for action in self._actions:
            names = ("/".join(action.option_strings), action.metavar, action.dest)
            if name in names and (action.help or action.choices):
                return action.help or f"one of {', '.join(map(str, action.choices or ()))}"
        return f"{self.prog} --help says more"

    # Argparse declares four overloads, of which callers need none.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Return the parsed arguments; exit with code 2 for those that are not known.

        Argparse reports a missing option before a misspelt one, which is mostly the same one.
        """
        given = sys.argv[1:] if args is None else list(args)
        self._check_options(itertools.takewhile(self._is_own, given))
        options, surplus = super().parse_known_args(given, namespace)
        if surplus:
            self.error(f"unexpected: {' '.join(surplus)}; {self.prog} --help says what it takes")
        return options, surplus

    def _is_own(self, word: str) -> bool:
        """Return whether a word can be an argument of this parser, and not of the command that it names."""
        return word != "--" and (self._subparsers is None or word.startswith("-"))

    def _check_options(self, words: Iterable[str]) -> None:
        known = [option for action in self._actions for option in action.option_strings if option.startswith("--")]
        for word in words:
            option = word.partition("=")[0]
            # Argparse takes the beginning of an option for the option, and a word with a space for a value.
            is_option = option.startswith("--") and " " not in option
            if is_option and not any(each.startswith(option) for each in known):
                self.error(f"there is no option {option}{remedy(option, known, f'{self.prog} --help')}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        allowed = None if action.choices is None else list(map(str, action.choices))
        if allowed is not None and value not in allowed:
            message = f"{value!r} is not one of {', '.join(allowed)}{closest(str(value), allowed)}"
            raise argparse.ArgumentError(action, message)


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


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


def two_sizes(text: str, order: str, example: str) -> tuple[int, int]:
    """Return two numbers of pixels from a text such as `1920x1080`.

    Args:
        text: as it was given.
        order: what the numbers are, such as `WIDTHxHEIGHT`.
        example: a text that is right.

    Raises:
        ArgumentTypeError: the text is not two whole numbers from 1.
    """
    one, _, other = text.lower().partition("x")
    if not all(each.isascii() and each.isdecimal() and int(each) for each in (one, other)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {order} in pixels, such as --size {example}")
    return int(one), int(other)


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
