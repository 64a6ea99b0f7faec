"""Calculate what all-reduce over n GPUs costs each recipe, and how much data each GPU must read.

    python -m scripts.scaling

counts the all-reduces of one step of each model and writes results/speed/scaling_counts.csv. `scripts.tables` makes the
tables of docs/scaling.md from these counts and from the measured times of steps in results/speed/training.csv.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from zoo.system.files import read_csv, write_csv

ROOT = Path(__file__).resolve().parents[1]
MODELS = {
    "ae_subpixel": (28, 28, 1),
    "vae_subpixel": (28, 28, 1),
    "features": (28, 28, 1),
    "dcgan_subpixel": (28, 28, 1),
    "sngan_subpixel": (28, 28, 1),
    "espcn_x3_subpixel": None,
    "fsrcnn_x3_subpixel": None,
    "sesr_x2_subpixel": None,
    "edsr_x4_subpixel": None,
}
"""The models, each with the shape of its recipe's pictures; None for super-resolution, which takes patches."""

COUNTS = ROOT / "results" / "speed" / "scaling_counts.csv"
BACKWARD = 2 / 3
"""The backward pass's share of a step's computation. Gradients appear during it; it takes twice the forward work."""


@dataclass(frozen=True)
class Link:
    """Describe a network link of each GPU: its bits per second, and the seconds from one neighbour to the next."""

    name: str
    bits_per_second: float
    hop_seconds: float


LINKS = (Link("25 Gbit/s", 25e9, 20e-6), Link("400 Gbit/s", 400e9, 5e-6))


@dataclass(frozen=True)
class Work:
    """Describe one training step of a model.

    Attributes:
        name: of the model.
        parameters: number of trained parameters, of a generator and its discriminator together.
        batch: images in a global batch of the recipe.
        turns: parts of the batch, one for each update of a discriminator.
        operations: all-reduces per step, one after the other.
        reduced_bytes: bytes per step that these all-reduces sum.
        example_bytes: bytes of one example as the step receives it, in uint8.
        seconds: of a step on the benchmark's processor; None if it was not measured.
    """

    name: str
    parameters: int
    batch: int
    turns: int
    operations: int
    reduced_bytes: int
    example_bytes: int
    seconds: float | None


def ring_seconds(workers: int, size: float, link: Link, operations: int = 1) -> float:
    """Return the seconds of a ring all-reduce.

    Each worker sends 2(n-1)/n of the bytes, in 2(n-1) hops for each operation.

    Args:
        workers: n.
        size: bytes of all operations together.
        link: of each worker.
        operations: all-reduces, one after the other.
    """
    sent = 2 * (workers - 1) / workers * size
    return 8 * sent / link.bits_per_second + 2 * (workers - 1) * operations * link.hop_seconds


def step_seconds(compute: float, communication: float, overlap: float = 0.0) -> float:
    """Return the seconds of a step whose communication may run during a share of the backward pass.

    Args:
        compute: seconds of computation.
        communication: seconds of all-reduce.
        overlap: that share, 0 to 1.
    """
    return compute + max(0.0, communication - overlap * BACKWARD * compute)


def efficiency(work: Work, compute: float, workers: int, link: Link, overlap: float = 0.0) -> float:
    """Return the share of a step that is computation, if each GPU takes the recipe's whole batch."""
    communication = ring_seconds(workers, work.reduced_bytes, link, work.operations)
    return compute / step_seconds(compute, communication, overlap)


def fastest(work: Work, compute: float, link: Link) -> tuple[int, float]:
    """Return the number of GPUs that trains the recipe's global batch fastest, and its speed relative to one GPU."""
    most = work.batch // work.turns
    times = {
        n: step_seconds(compute / n, ring_seconds(n, work.reduced_bytes, link, work.operations))
        for n in range(1, most + 1)
        if most % n == 0
    }
    best = min(times, key=times.__getitem__)
    return best, compute / times[best]


def streamed_bytes_per_second(examples_per_second: float, workers: int, record: int, *, sharded: bool) -> float:
    """Return the bytes per second that one worker reads from record files.

    Args:
        examples_per_second: that the worker trains on.
        workers: that share a global batch.
        record: bytes of a record.
        sharded: the worker finds its own records by index; otherwise it reads those of all workers.
    """
    return examples_per_second * record * (1 if sharded else workers)


@functools.cache
def works() -> list[Work]:
    """Return every model's step, from the committed counts and the benchmark."""
    measured = [row for row in read_csv(ROOT / "results" / "speed" / "training.csv") if row["measure"] == "loop"]
    # A rate is valid only for the batch with which it was measured.
    rates = {(row["model"], row["batch"]): float(row["value"]) for row in measured}
    return [
        Work(
            row["model"],
            *(int(row[key]) for key in list(row)[1:]),
            seconds=1 / rates[key] if (key := (row["model"], row["batch"])) in rates else None,
        )
        for row in read_csv(COUNTS)
    ]


if __name__ == "__main__":
    from zoo.system.quiet_tensorflow import start_tensorflow

    start_tensorflow()
    from scripts.scaling_counts import counts

    write_csv(COUNTS, [{"model": name, **counts(name, shape)} for name, shape in MODELS.items()])
