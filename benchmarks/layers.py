"""Measure the time of a sub-pixel convolution, of a bare convolution, and of its transposed twin.

    python -m benchmarks.layers [--quick] [--allocator keep|default] [--out results/speed/layers.csv]
    python -m benchmarks.layers --device gpu [--out results/speed/layers_gpu.csv]

On a GPU, benchmarks/layers_gpu.py measures up-samplers in two precisions, with and without XLA. On a processor, five
terms run alternately, each inside a `tf.function`, forward and forward + backward (gradients with respect to input,
kernel and bias):

- conv2d: `Conv2D` of equal work, with the same kernel and r*r*C filters, and no shuffle,
- subpixel: `SubpixelConv2D`,
- depth_to_space: `Conv2D`, then `tf.nn.depth_to_space`,
- transposition: `Conv2D`, then the same shuffle as a reshape, a transposition and a reshape,
- twin: `Conv2DTranspose` with kernel k*r and stride r, which is the same linear map.

The memory allocator keeps freed memory (`--allocator keep`; the command restarts itself with the environment variables
of benchmarks/allocator.py). With glibc's own settings (`--allocator default`), every tensor of 32 MB and more is mapped
and unmapped each time, and zeroing its pages can cost as much as the convolution. The measured time then includes this
cost once for a bare convolution and twice for one with a shuffle.

Every figure is a median over rounds. The goals are for the geometric means over the grid. Rows outside the grid lie
around the number of filters from which `periodic_shuffle` uses `tf.nn.depth_to_space`.
"""

import argparse
import math
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.allocator import keep_freed_memory
from benchmarks.layer_rows import PHASES, Row
from benchmarks.layers_gpu import measure
from benchmarks.results import SPEED, use_gpu, write_results
from zoo.system.timing import interleaved_medians
from zoo.upsampling import upsampler

TERMS = ("conv2d", "subpixel", "depth_to_space", "transposition", "twin")
ROWS = (
    Row(16, 32, 64, 64, 2, grid=True),
    Row(1, 360, 64, 64, 2, grid=True),
    Row(1, 360, 32, 3, 3, grid=True),
    Row(1, 360, 64, 3, 4, grid=True),
    Row(1, 360, 16, 1, 3, grid=True),
    Row(128, 14, 32, 1, 2),
    Row(4, 128, 16, 8, 2),
    Row(4, 128, 16, 16, 2),
    Row(4, 128, 16, 24, 2),
    Row(4, 128, 16, 32, 2),
    Row(4, 128, 16, 48, 2),
    Row(4, 64, 16, 16, 4),
    Row(4, 64, 16, 32, 4),
)

Times = dict[tuple[str, str], float]
"""Milliseconds of a term in a phase."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a few rounds, for a rule of thumb")
    parser.add_argument("--out", type=Path, help="by default layers.csv or layers_gpu.csv in results/speed/")
    parser.add_argument("--allocator", choices=("keep", "default"), default="keep")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options = parser.parse_args()
    # The functions of all layers have the same two names, which TensorFlow reports as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    if options.device == "gpu":
        use_gpu(parser)
        measure(options.out or SPEED / "layers_gpu.csv")
        return
    tf.config.set_visible_devices([], "GPU")
    if options.allocator == "keep":
        keep_freed_memory()

    seconds, fewest, most = (2.0, 3, 15) if options.quick else (20.0, 11, 201)
    console = Console(width=max(Console().width, 160))
    results: list[tuple[Row, Times, int]] = []
    for row in track(ROWS, "measuring", console=console):
        times, rounds = measured(row, seconds, fewest, most)
        results.append((row, times, rounds))

    console.print(times_table(results))
    console.print(goals_table([(row, times) for row, times, _ in results if row.grid]))
    out = options.out or SPEED / "layers.csv"
    write_csv(out, results, options.allocator)
    console.print(f"written to {out}")


def measured(row: Row, seconds: float, fewest: int, most: int) -> tuple[Times, int]:
    """Return medians over as many rounds as fit into `seconds`, and the number of rounds."""
    calls = {(term, phase): call for term in TERMS for phase, call in terms_of(row, term).items()}
    medians, rounds = interleaved_medians(calls, seconds, fewest, most)
    return {key: 1000 * median for key, median in medians.items()}, rounds


def terms_of(row: Row, term: str) -> dict[str, Callable[[], object]]:
    """Return a term's forward and forward + backward call."""
    keras.utils.set_random_seed(0)
    layer = upsampler("transpose" if term == "twin" else "subpixel")(row.filters, row.kernel, row.scale)
    if term not in ("twin", "subpixel"):
        layer = keras.layers.Conv2D(row.scale**2 * row.filters, row.kernel, padding="same")
    shuffle = {"depth_to_space": depth_to_space, "transposition": transposition}.get(term)
    x = tf.random.normal((row.batch, row.size, row.size, row.channels))
    layer.build(x.shape)

    def forward(x: tf.Tensor) -> tf.Tensor:
        # Keras passes the argument to the layers that take it: the shuffle then has the form that training runs.
        y = layer(x, training=True) if term == "subpixel" else layer(x)
        return shuffle(y, row) if shuffle else y

    def backward(x: tf.Tensor, cotangent: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = forward(x)
        weights = [weight.value for weight in layer.trainable_weights]
        # Return the output too: the gradients do not need it, and TensorFlow would leave the forward pass out.
        return [y, *tape.gradient(y, [x, *weights], output_gradients=cotangent)]

    cotangent = tf.random.normal(forward(x).shape)
    forward_graph, backward_graph = tf.function(forward), tf.function(backward)
    return {"forward": lambda: forward_graph(x), "backward": lambda: backward_graph(x, cotangent)}


def depth_to_space(x: tf.Tensor, row: Row) -> tf.Tensor:
    return tf.nn.depth_to_space(x, row.scale)


def transposition(x: tf.Tensor, row: Row) -> tf.Tensor:
    x = tf.reshape(x, [row.batch * row.size, row.size, row.scale, row.scale * row.filters])
    x = tf.transpose(x, [0, 2, 1, 3])
    return tf.reshape(x, [row.batch, row.size * row.scale, row.size * row.scale, row.filters])


def geometric_mean(values: Iterable[float]) -> float:
    return math.exp(statistics.fmean(math.log(value) for value in values))


def times_table(results: list[tuple[Row, Times, int]]) -> Table:
    table = Table("layer", *TERMS, "subpixel / conv2d", "twin / subpixel", "rounds")
    table.title = "milliseconds, forward / forward + backward (* not in the grid)"
    for row, times, rounds in results:
        cells = [f"{times[term, 'forward']:.1f} / {times[term, 'backward']:.1f}" for term in TERMS]
        for above, below in (("subpixel", "conv2d"), ("twin", "subpixel")):
            cells.append(" / ".join(f"{times[above, phase] / times[below, phase]:.2f}" for phase in PHASES))
        table.add_row(str(row), *cells, str(rounds))
    return table


def goals_table(results: list[tuple[Row, Times]]) -> Table:
    """Return the goals over the grid, and whether each is reached."""

    def ratios(above: str, below: str, phase: str, filters: tuple[int, ...] = ()) -> list[float]:
        chosen = [times for row, times in results if not filters or row.filters in filters]
        return [times[above, phase] / times[below, phase] for times in chosen]

    cost = {phase: ratios("subpixel", "conv2d", phase) for phase in PHASES}
    gain, gain_at_few = ratios("twin", "subpixel", "forward"), ratios("twin", "subpixel", "forward", (1, 3))
    table = Table("over the grid", "value", "goal", title="goals")
    for name, value, limit in (
        ("subpixel / conv2d, forward, geometric mean", geometric_mean(cost["forward"]), 1.10),
        ("subpixel / conv2d, forward + backward, geometric mean", geometric_mean(cost["backward"]), 1.15),
        ("subpixel / conv2d, worst row of either", max(cost["forward"] + cost["backward"]), 1.30),
    ):
        table.add_row(name, f"{value:.3f}", f"at most {limit:.2f}{'' if value <= limit else ': MISSED'}")
    for name, value, limit in (
        ("twin / subpixel, forward, geometric mean", geometric_mean(gain), 1.5),
        ("twin / subpixel, forward, geometric mean at 1 or 3 filters", geometric_mean(gain_at_few), 3.0),
    ):
        table.add_row(name, f"{value:.3f}", f"at least {limit:.2f}{'' if value >= limit else ': MISSED'}")
    return table


def write_csv(path: Path, results: list[tuple[Row, Times, int]], allocator: str) -> None:
    """Write one line per row and term, each with the facts of the machine."""
    lines = [
        row._asdict()
        | {"term": term}
        | {f"{phase}_ms": f"{times[term, phase]:.3f}" for phase in PHASES}
        | {"rounds": rounds, "allocator": allocator}
        for row, times, rounds in results
        for term in TERMS
    ]
    write_results(path, lines)


if __name__ == "__main__":
    main()
