"""Run a training that is killed and started again, and see from its files what it is doing."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The model is small and is saved after every call into TensorFlow, so that each short-lived process makes progress.
SETTINGS = ("batch=8", "model.filters=2", "log_every=10", "evaluations=100", "checkpoint_minutes=1e-6", "export=best")


class Training:
    """Run one training command in a folder, again after each kill.

    Attributes:
        folder: to run in.
        command: with its arguments.
        steps: of the whole training.
        process: that runs now.
    """

    def __init__(self, folder: Path, pictures: Path, model: str, steps: int, seed: int) -> None:
        folder.mkdir()
        self.folder, self.steps = folder, steps
        options = ["--model", model, "--data", f"folder:{pictures}", "--steps", str(steps), "--seed", str(seed)]
        self.command = [sys.executable, "-m", "training", "train", *options, "--set", *SETTINGS]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a process; `begun` returns a step once it is ready."""
        with (self.folder / "output").open("wb") as output:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def output(self) -> str:
        """Return what the current process has printed so far."""
        return (self.folder / "output").read_text()

    def begun(self) -> int | None:
        """Return the step at which the current process began, or None before it has printed it."""
        match = re.search(r"^(?:resumed .* at step ([0-9]+)|run: .*)\n", self.output(), re.MULTILINE)
        return int(match[1] or 0) if match else None

    def alive(self) -> bool:
        """Return whether the current process runs."""
        return self.process is not None and self.process.poll() is None

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds or the process has ended."""
        while self.alive() and not condition():
            time.sleep(0.002)

    def check_end(self) -> None:
        """Wait for the process to end, and raise RuntimeError unless it succeeded."""
        if self.process is None or self.process.wait():
            raise RuntimeError(f"the training failed: {self.output()}")

    def kill(self) -> str:
        """Kill the current process, and return what it was doing."""
        assert self.process is not None
        # Stop the process first, so that its files do not change between reading them and killing it.
        self.process.send_signal(signal.SIGSTOP)
        place = self.writing()
        self.process.kill()
        self.process.wait()
        return place

    def writing(self) -> str:
        """Return what the process is doing, judged by its unfinished files."""
        if self.exporting():
            return "in an export or its evaluation"
        if self.writing_checkpoint():
            return "in a checkpoint"
        return "after the last step" if self.step() == self.steps else "in steps and evaluations"

    def writing_checkpoint(self) -> bool:
        """Return whether an unfinished checkpoint exists."""
        return any((self.run / "checkpoints").glob(".*.part"))

    def exporting(self, part: str = "") -> bool:
        """Return whether an unfinished export exists, or a certain part of it."""
        return (self.run / ".saved_model.part" / part).exists()

    def step(self) -> int:
        """Return the step of the newest checkpoint, 0 before the first."""
        names = [path.name for path in (self.run / "checkpoints").glob("step-*.npz")]
        return max((int(name[5:-4]) for name in names), default=0)

    @property
    def run(self) -> Path:
        """Return the run's folder; one that does not exist, before the training has made it."""
        return next(iter(self.folder.glob("runs/*/*")), self.folder / "none")
