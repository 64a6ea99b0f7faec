"""Install a file of requirements with pip, and show how far it is: one line that changes, or few lines in a log.

    python scripts/install.py requirements.txt

It runs before anything is installed, so it uses Python's own library alone. If pip fails, all that it said is printed,
and the exit code is pip's.
"""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

OPTIONS = ("--use-pep517", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
LONG = 20
"""Seconds between two lines in a log."""
REQUIREMENT = re.compile(r"^[A-Za-z0-9]")
COLLECTING = re.compile(r"^\s*(?:Collecting|Requirement already satisfied:|Processing) ([A-Za-z0-9._-]+)")
DOWNLOADING = re.compile(r"^\s*Downloading (\S+).*?(\([\d.]+ [kMG]B\))?$")


class Progress:
    """Say how far an installation is.

    Args:
        expected: the number of packages that the file names.
    """

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.names: set[str] = set()
        self.doing = "looking for packages"
        self.started = self.shown = time.monotonic()

    def read(self, line: str) -> None:
        """Take one line of pip's output into account, and show the state."""
        if found := COLLECTING.match(line):
            self.names.add(found[1].lower())
            self.doing = f"{min(len(self.names), self.expected)} of {self.expected} packages found"
        elif found := DOWNLOADING.match(line):
            name = found[1].rpartition("/")[2].split("-")[0]
            self.doing = f"{min(len(self.names), self.expected)} of {self.expected} packages, {name} {found[2] or ''}"
        elif line.startswith("Installing collected packages"):
            self.doing = f"unpacking {line.count(',') + 1} packages"
        else:
            return
        self.show()

    def show(self) -> None:
        """Print the state over the last one in a terminal, and from time to time in a log."""
        seconds = time.monotonic() - self.started
        text = f"installing, {seconds:3.0f} s: {self.doing.strip()}"
        if sys.stdout.isatty():
            print(f"\r\x1b[K{text[:100]}", end="", flush=True)
        elif time.monotonic() - self.shown > LONG:
            self.shown = time.monotonic()
            print(text, flush=True)


def install(path: Path, options: Sequence[str] = OPTIONS) -> int:
    """Install a file of requirements into this Python's environment and return pip's exit code."""
    lines = path.read_text(encoding="utf-8").splitlines()
    progress = Progress(sum(bool(REQUIREMENT.match(line)) for line in lines))
    print(f"installing {progress.expected} packages into {sys.prefix}", flush=True)
    command = [sys.executable, "-m", "pip", "install", *options, "-r", str(path)]
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            progress.read(line)
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")
    if pip.returncode:
        print("".join(said), end="", file=sys.stderr)
    else:
        print(f"installed in {time.monotonic() - progress.started:.0f} s")
    return pip.returncode


if __name__ == "__main__":
    try:
        sys.exit(install(Path(sys.argv[1])))
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        sys.exit(130)
