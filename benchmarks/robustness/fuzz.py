"""Send broken pictures to the decoders of `python -m zoo upscale` and of the `serve_bytes` endpoint.

    python -m benchmarks.robustness.fuzz [--count 20000] [--seconds 3600] [--seed 0] [--only upscale] [--out a.csv]

Each file of `fuzz_pictures` must result in a picture of valid size and type or in the documented error. A file that
crashes the decoder, takes more than a minute or more than 2 GiB, or raises any other error is lost: it is kept under
`runs/fuzz/` and named at the end. The decoders run in separate processes (`fuzz_child`), so that a crash ends only one.
"""

import argparse
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
from rich.progress import Progress

from benchmarks.robustness.fuzz_pictures import corpus, mutant
from benchmarks.robustness.reliability import RESULTS, Trial, record
from zoo.system.quiet_tensorflow import start_tensorflow

TARGETS = ("upscale", "serve_bytes")
KEPT = Path("runs") / "fuzz"
FILE_SECONDS, START_SECONDS = 60.0, 300.0
MEMORY_LIMIT = 2048.0
"""MiB that a process may hold at most."""


@dataclass
class Outcome:
    """Count the files that were sent and those that were lost.

    Attributes:
        tried: number of files.
        lost: what happened to each lost file, by the file's number.
        memory: peak memory of a process, in MiB.
    """

    tried: int = 0
    lost: dict[int, str] = field(default_factory=dict)
    memory: float = 0.0


def fuzz(
    child: Sequence[str],
    count: int,
    until: float = float("inf"),
    seconds: float = FILE_SECONDS,
    advance: Callable[[], None] = lambda: None,
) -> Outcome:
    """Let a child process decode files 0 to `count`; after a crash, a new process goes on with the next file.

    Args:
        child: command to which the numbers of the first file and of the last one plus 1 are added. It prints `ready`,
            then a line per file: its peak memory in MiB, and what is wrong, or nothing.
        count: number of files.
        until: time on `time.monotonic` after which no file is started.
        seconds: that a file may take.
        advance: called after each file.
    """
    outcome = Outcome()
    while outcome.tried < count and time.monotonic() < until:
        command = [*child, str(outcome.tried), str(count)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
            lines = _Lines(process)
            if lines.next(START_SECONDS) != "ready":
                process.kill()
                raise RuntimeError(f"{' '.join(command)} did not start")
            while outcome.tried < count and time.monotonic() < until:
                line = lines.next(seconds)
                if line is None:
                    hanging = process.poll() is None and not lines.ended
                    line = f"0 no end after {seconds:g} s" if hanging else f"0 crash, exit code {process.wait()}"
                memory, _, wrong = line.partition(" ")
                outcome.memory = max(outcome.memory, float(memory))
                if not wrong and float(memory) > MEMORY_LIMIT:
                    wrong = f"{float(memory):.0f} MiB"
                if wrong:
                    outcome.lost[outcome.tried] = wrong
                outcome.tried += 1
                advance()
                if line.startswith("0 "):
                    break
            process.kill()
    return outcome


class _Lines:
    """Read lines of a process's output, with a time limit for each."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self._file, self._read, self.ended = process.stdout, b"", False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._file, selectors.EVENT_READ)

    def next(self, seconds: float) -> str | None:
        """Return the next line, or None if none comes within some seconds."""
        end = time.monotonic() + seconds
        while b"\n" not in self._read:
            if not self._selector.select(max(0.0, end - time.monotonic())):
                return None
            more = self._file.read1()
            if not more:
                self.ended = True
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()


def main() -> int:
    """Fuzz the targets and record the counts; return 1 if a file was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="files per target")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="time limit per target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=TARGETS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    trials = []
    for target in (options.only,) if options.only else TARGETS:
        started = time.monotonic()
        child = [sys.executable, "-m", "benchmarks.robustness.fuzz_child", target, str(options.seed)]
        with Progress(transient=True) as bar:
            task = bar.add_task(target, total=options.count)
            outcome = fuzz(child, options.count, started + options.seconds, advance=partial(bar.advance, task))
        seconds = time.monotonic() - started
        files = corpus(every_format=target == "upscale")
        for number, wrong in outcome.lost.items():
            KEPT.mkdir(parents=True, exist_ok=True)
            path = KEPT / f"{target}-{options.seed}-{number}.bin"
            path.write_bytes(mutant(files, options.seed, number))
            print(f"{path}: {wrong}")
        survived = outcome.tried - len(outcome.lost)
        command = f"make fuzz COUNT={options.count} SEED={options.seed}"
        trials.append(Trial(f"fuzz {target}", outcome.tried, survived, len(outcome.lost), seconds, command))
        print(f"{target}: {survived} of {outcome.tried} survived, {seconds:.0f} s, at most {outcome.memory:.0f} MiB")
    start_tensorflow()
    record(trials, options.out)
    return 1 if any(trial.lost for trial in trials) else 0


if __name__ == "__main__":
    sys.exit(main())
