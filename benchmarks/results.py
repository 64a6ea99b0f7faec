"""Write the results of benchmarks as CSV files in `results/`."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.system.files import read_csv, write_csv
from zoo.system.machine import machine

ROOT = Path(__file__).resolve().parents[1]
SPEED = ROOT / "results" / "speed"


def use_gpu(parser: argparse.ArgumentParser) -> None:
    """Let TensorFlow take memory of the GPU as it needs it; end with exit code 2 where there is no GPU."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        parser.error("--device gpu: TensorFlow sees no GPU here; leave --device out")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)


def write_results(
    path: Path, rows: Sequence[Mapping[str, Any]], kept: Callable[[Mapping[str, str]], bool] | None = None
) -> None:
    """Write measured rows as CSV, each with the facts of the machine, atomically.

    Args:
        path: of the file.
        rows: to write.
        kept: whether a row that the file already has stays, before the new rows; by default none does.
    """
    facts = machine()
    before = [row for row in read_csv(path) if kept(row)] if kept and path.is_file() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, [*before, *({**row, **facts} for row in rows)])
