"""Measure the super-resolution networks, their twins and bicubic enlargement on a 640x360 luma frame.

    python -m benchmarks.super_resolution [--quick] [--out results/speed/super_resolution.csv]

For every scale, these terms run alternately: bicubic enlargement, and each family with a sub-pixel and with a
transposed head (`sesr` and `span` collapsed, as they are published). Time does not depend on the weights, so the
networks are untrained. The heads alone are measured as well, with equal weights in both forms, on features of the size
that the family's network passes to them. EDSR, which is made for GPUs, is left out. Each term runs inside a
`tf.function`; figures are medians over rounds.

The memory allocator keeps freed memory, as in benchmarks/layers.py.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.allocator import keep_freed_memory
from benchmarks.results import SPEED, write_results
from zoo import create_model
from zoo.imaging import enlarge
from zoo.system.timing import interleaved_medians
from zoo.upsampling import upsampler

HEIGHT, WIDTH = 360, 640
SCALES = (2, 3, 4)
COLLAPSED = {"collapsed": True}
NETWORKS: dict[tuple[str, str], dict[str, object]] = {
    ("espcn", ""): {},
    ("fsrcnn", ""): {},
    ("sesr", ""): COLLAPSED,
    ("sesr", ".large"): COLLAPSED | {"m": 11, "filters": 32},
    ("span", ""): COLLAPSED,
}
"""Model arguments by family and the tag of a published size."""
HEADS = {"espcn": (32, 3), "sesr": (16, 5), "fsrcnn": (56, 3)}
"""Channels and low-resolution kernel of each family's head; fsrcnn's is that of x3, where its twin is exact."""
HEAD_GOAL = 2.5

Term = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a few rounds, for a rule of thumb")
    parser.add_argument("--out", type=Path, default=SPEED / "super_resolution.csv")
    options = parser.parse_args()
    keep_freed_memory()
    # The functions of all networks have the same name, which TensorFlow reports as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    seconds = 2.0 if options.quick else 25.0
    console = Console(width=max(Console().width, 120))

    rows: list[dict[str, object]] = []
    goals = Table("ratio", "value", "goal", title="goals")
    for scale in track(SCALES, "measuring", console=console):
        medians, rounds = interleaved_medians(networks(scale) | heads(scale), seconds, 5, 200)
        table = Table("term", "milliseconds", title=f"x{scale}, {WIDTH}x{HEIGHT}, medians of {rounds} rounds")
        for name, median in medians.items():
            table.add_row(name, f"{1000 * median:.1f}")
            rows.append({"scale": scale, "term": name, "milliseconds": f"{1000 * median:.2f}", "rounds": rounds})
        console.print(table)
        for family in HEADS:
            if f"{family} head, subpixel" in medians:
                ratio = medians[f"{family} head, transpose"] / medians[f"{family} head, subpixel"]
                report(goals, f"x{scale} {family} head, transpose / subpixel", ratio, HEAD_GOAL)
        if scale == 2:
            ratio = medians["fsrcnn_x2_transpose"] / medians["sesr_x2_subpixel"]
            report(goals, "fsrcnn_x2_transpose / sesr_x2_subpixel", ratio, 1.0)
    console.print(goals)

    write_results(options.out, rows)
    console.print(f"written to {options.out}")


def networks(scale: int) -> dict[str, Term]:
    """Return bicubic enlargement and every family with both heads, on one frame."""
    frame = tf.random.stateless_uniform((1, HEIGHT, WIDTH, 1), (0, scale))
    bicubic = tf.function(lambda image: enlarge(image, scale))
    terms: dict[str, Term] = {f"bicubic_x{scale}": lambda: bicubic(frame)}
    for (family, tag), arguments in NETWORKS.items():
        for form in ("subpixel", "transpose"):
            name = f"{family}_x{scale}_{form}"
            terms[f"{name}{tag}"] = compiled(create_model(name, **arguments), frame)
    return terms


def heads(scale: int) -> dict[str, Term]:
    """Return the last layers alone, in both forms, computing equal functions."""
    from zoo.upsampling import subpixel_to_transpose

    terms: dict[str, Term] = {}
    for family, (channels, kernel) in HEADS.items():
        if family == "fsrcnn" and scale != 3:
            continue
        features = tf.random.stateless_uniform((1, HEIGHT, WIDTH, channels), (1, scale))
        subpixel, transpose = (upsampler(form)(1, kernel, scale) for form in ("subpixel", "transpose"))
        for layer in (subpixel, transpose):
            layer.build(features.shape)
        weights, bias = subpixel.get_weights()
        transpose.set_weights([subpixel_to_transpose(weights, scale), bias])
        difference = float(tf.reduce_max(tf.abs(subpixel(features) - transpose(features))))
        assert difference < 1e-4, f"the heads of {family} differ by {difference}"
        terms[f"{family} head, subpixel"] = compiled(subpixel, features)
        terms[f"{family} head, transpose"] = compiled(transpose, features)
    return terms


def compiled(network: keras.Model | keras.layers.Layer, x: tf.Tensor) -> Term:
    graph = tf.function(
        lambda image: network(image, training=False) if isinstance(network, keras.Model) else network(image)
    )
    return lambda: graph(x)


def report(table: Table, name: str, ratio: float, goal: float) -> None:
    table.add_row(name, f"{ratio:.2f}", f"at least {goal:.2f}{'' if ratio >= goal else ': MISSED'}")


if __name__ == "__main__":
    main()
