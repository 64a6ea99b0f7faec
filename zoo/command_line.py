"""What the command lines of `zoo` and `training` share: exit codes, errors of one line, and the message printer."""

import argparse
import sys
from typing import NoReturn

DONE, FAILED, BAD_INPUT, SIGNALLED = 0, 1, 2, 128
"""Exit codes; a command that a signal stopped ends with `SIGNALLED` plus the signal's number."""


class CommandError(ValueError):
    """A request that cannot be carried out; the message is one line. Commands exit with code 2."""


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; `--help` prints the usage."""

    def error(self, message: str) -> NoReturn:
        """Print and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def complain(program: str, message: object, code: int) -> int:
    """Print a message to stderr after the program's name; returns the exit code that was passed."""
    print(f"{program}: {message}", file=sys.stderr)
    return code
