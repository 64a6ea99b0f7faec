"""Scale on paper: what all-reduce over n GPUs costs each recipe, and what each of them must read.

    python -m scripts.scaling

counts what a step of each model all-reduces and writes results/speed/scaling_counts.csv. From these counts and the
measured steps of results/speed/training.csv, `scripts.tables` makes the tables of docs/scaling.md; the rest is
arithmetic.
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

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
"""The models, each with the shape of its recipe's pictures; super-resolution takes patches."""

COUNTS = ROOT / "results" / "speed" / "scaling_counts.csv"
BACKWARD = 2 / 3
"""Share of a step's computation during which gradients appear: its backward pass, twice the work of the forward one."""


@dataclass(frozen=True)
class Link:
    """What each GPU sends over: bits per second, and seconds from one neighbour to the next."""

    name: str
    bits_per_second: float
    hop_seconds: float


LINKS = (Link("25 Gbit/s", 25e9, 20e-6), Link("400 Gbit/s", 400e9, 5e-6))


@dataclass(frozen=True)
class Work:
    """What a step of a model is.

    Attributes:
        parameters: trained ones, of a generator and its discriminator together.
        batch: images in a global batch of the recipe.
        turns: parts that the batch is cut into, one for each update of a discriminator.
        operations: all-reduces a step, one after the other.
        reduced_bytes: that they add up.
        example_bytes: of an example as the step gets it, uint8.
        seconds: of a step on the benchmark's processor, or None where it was not measured.
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
    """A ring all-reduce: each worker sends 2(n-1)/n of the bytes, in 2(n-1) hops for each operation."""
    sent = 2 * (workers - 1) / workers * size
    return 8 * sent / link.bits_per_second + 2 * (workers - 1) * operations * link.hop_seconds


def step_seconds(compute: float, communication: float, overlap: float = 0.0) -> float:
    """A step where this share of the backward pass hides communication, 0 to 1."""
    return compute + max(0.0, communication - overlap * BACKWARD * compute)


def efficiency(work: Work, compute: float, workers: int, link: Link, overlap: float = 0.0) -> float:
    """The share of a step that is computation, where every GPU keeps a whole recipe's batch."""
    communication = ring_seconds(workers, work.reduced_bytes, link, work.operations)
    return compute / step_seconds(compute, communication, overlap)


def fastest(work: Work, compute: float, link: Link) -> tuple[int, float]:
    """The number of GPUs that trains the recipe's own global batch soonest, and how many times as fast as one."""
    most = work.batch // work.turns
    times = {
        n: step_seconds(compute / n, ring_seconds(n, work.reduced_bytes, link, work.operations))
        for n in range(1, most + 1)
        if most % n == 0
    }
    best = min(times, key=times.__getitem__)
    return best, compute / times[best]


def streamed_bytes_per_second(examples_per_second: float, workers: int, record: int, *, sharded: bool) -> float:
    """What one worker reads of record files: the records of all workers, or its own where it finds them by index."""
    return examples_per_second * record * (1 if sharded else workers)


@functools.cache
def works() -> list[Work]:
    """Every model's step, from the committed counts and the benchmark."""
    with (ROOT / "results" / "speed" / "training.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["measure"] == "loop"]
    # A rate counts for the batch that it was measured with.
    rates = {(row["model"], row["batch"]): float(row["value"]) for row in found}
    with COUNTS.open() as file:
        rows = list(csv.DictReader(file))
    return [
        Work(
            row["model"],
            *(int(row[key]) for key in list(row)[1:]),
            seconds=1 / rates[key] if (key := (row["model"], row["batch"])) in rates else None,
        )
        for row in rows
    ]


if __name__ == "__main__":
    from zoo.system.quiet_tensorflow import start_tensorflow

    start_tensorflow()
    from scripts.scaling_counts import counts
    from zoo.system.files import write_csv

    write_csv(COUNTS, [{"model": name, **counts(name, shape)} for name, shape in MODELS.items()])
