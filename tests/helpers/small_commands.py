"""Trainings of a few seconds as real processes, and what they leave."""

import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import numpy as np

from benchmarks.robustness.chaos import differences
from training.runs.checkpoint import Checkpoints

SMALL = ("--set", "batch=12", "model.filters=3", "log_every=5", "evaluations=4")


def arguments(source: Path, steps: int, *options: object) -> tuple[object, ...]:
    """Return the arguments of `python -m` that train a small autoencoder on a folder."""
    given = ("--model", "ae_subpixel", "--data", f"folder:{source}", "--steps", steps)
    return ("training", "train", *given, *SMALL, *options)


def run_of(folder: Path) -> Path:
    """The only run below a folder."""
    (run,) = folder.glob("runs/*/*")
    return run


def final_weights(run: Path) -> dict[str, list[np.ndarray]]:
    """All variables of the newest checkpoint, none of which is damaged."""
    checkpoint, complaints = Checkpoints(run / "checkpoints").load_newest()
    assert complaints == []
    return checkpoint.arrays


def assert_same_end(one: Path, other: Path) -> None:
    """No checkpoint is damaged, all variables and metrics are the same, and the other run left no half file."""
    assert final_weights(one).keys() == final_weights(other).keys()
    assert differences(one, other) == []


def wait_for(condition: Callable[[], object], process: Popen[str], seconds: float = 240) -> None:
    """Wait until something is so while a process runs."""
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
