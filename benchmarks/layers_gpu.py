"""Measure up-samplers on a GPU: the part of `benchmarks.layers` that `--device gpu` runs.

Terms are `Conv2D` of equal work without a shuffle, and the four up-samplers; `twin` is `transpose`. Each is applied
ten times to different inputs in one function, because a single application takes less time than a call. The
milliseconds are those of one application.
"""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.layer_rows import PHASES, Row
from benchmarks.results import write_results
from zoo.system.timing import interleaved_medians
from zoo.upsampling import upsampler

APPLICATIONS = 10
TERMS = {
    "conv2d": None,
    "subpixel": "subpixel",
    "twin": "transpose",
    "transpose_2r": "transpose_2r",
    "resize": "resize",
}
"""The up-sampler of each term; `conv2d` has none."""
PRECISIONS = ("float32", "mixed_float16")


ROWS = (
    Row(64, 32, 64, 64, 2, grid=True),
    Row(16, 128, 64, 64, 2, grid=True),
    Row(1, 360, 32, 3, 3, grid=True),
    Row(1, 360, 64, 3, 4, grid=True),
    Row(16, 360, 16, 1, 3, grid=True),
    Row(128, 7, 128, 64, 2, grid=True),
)


def measure(out: Path, rows: Sequence[Row] = ROWS, *, seconds: float = 2.0, most: int = 101) -> None:
    """Measure every row in every precision, with and without XLA; print a table and write a CSV."""
    console = Console(width=max(Console().width, 140))
    table = Table("layer", "precision", "XLA", *TERMS, title="milliseconds, forward / forward + backward")
    lines: list[dict[str, object]] = []
    for row, precision, xla in track([*product(rows, PRECISIONS, (True, False))], "measuring", console=console):
        calls = {
            (term, phase): call for term in TERMS for phase, call in terms_of(row, term, precision, xla=xla).items()
        }
        medians, rounds = interleaved_medians(calls, seconds, 5, most)
        times = {key: 1000 * median / APPLICATIONS for key, median in medians.items()}
        cells = [" / ".join(f"{times[term, phase]:.3f}" for phase in PHASES) for term in TERMS]
        table.add_row(
            str(row),
            precision,
            "yes" if xla else "no",
            *cells,
        )
        lines += [
            row._asdict()
            | {"precision": precision, "xla": xla, "term": term}
            | {f"{phase}_ms": f"{times[term, phase]:.4f}" for phase in PHASES}
            | {"rounds": rounds}
            for term in TERMS
        ]
    console.print(table)
    write_results(out, lines)
    console.print(f"written to {out}")


def terms_of(row: Row, term: str, precision: str, *, xla: bool) -> dict[str, Callable[[], object]]:
    """Return a term's forward and forward + backward call, each of ten applications."""
    keras.utils.set_random_seed(0)
    name = TERMS[term]
    if name:
        layer = upsampler(name)(row.filters, row.kernel, row.scale, dtype=precision)
    else:
        filters = row.scale**2 * row.filters
        layer = keras.layers.Conv2D(filters, row.kernel, padding="same", dtype=precision)
    shape = (row.batch, row.size, row.size, row.channels)
    inputs = [tf.cast(tf.random.normal(shape), layer.compute_dtype) for _ in range(APPLICATIONS)]
    cotangent = tf.ones_like(layer(inputs[0]))
    weights = [weight.value for weight in layer.trainable_weights]

    def forward() -> list[tf.Tensor]:
        return [layer(x) for x in inputs]

    def backward() -> list[list[tf.Tensor]]:
        results = []
        for x in inputs:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            # Return the output too: the gradients do not need it, and the forward pass would be left out.
            results.append([y, *tape.gradient(y, [x, *weights], output_gradients=cotangent)])
        return results

    return {"forward": waited_for(forward, xla=xla), "backward": waited_for(backward, xla=xla)}


def waited_for(function: Callable[[], object], *, xla: bool) -> Callable[[], object]:
    """Return a call of a graph that ends when the GPU has finished its work."""
    graph = tf.function(function, jit_compile=xla, autograph=False)

    def call() -> object:
        # The GPU goes on working after the call; reading a number of the last result waits for it.
        return tf.reshape(tf.nest.flatten(graph())[-1], [-1])[:1].numpy()

    return call
