"""Measure, on a GPU, the forward time of the networks whose up-samplers were compared.

    python -m benchmarks.networks_gpu [--seconds 2] [--out results/speed/networks_gpu.csv]

The networks are those of the comparisons in results/quality/compare/, each with every up-sampler, with and without XLA.
Their input is a training batch, or for super-resolution the picture that becomes one of 1280x720. Each is applied ten
times to different inputs in one function, because a single application takes less time than a call. The milliseconds
are those of one application, medians over rounds in which all up-samplers of a comparison alternate.
"""

import argparse
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.layers_gpu import APPLICATIONS, waited_for
from benchmarks.results import ROOT, SPEED, use_gpu, write_results
from training.compare.contest import Twin
from training.compare.measure.costs import input_shape
from training.compare.results.records import Results, all_in, read
from training.recipes import recipe_for
from training.tasks.architecture import architecture
from zoo.models import build_model, parse_name
from zoo.system.timing import interleaved_medians

COMPARED = ROOT / "results" / "quality" / "compare"
SHAPES = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
"""Pictures of the sources by name; networks for super-resolution take any size."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for the rounds of a comparison")
    parser.add_argument("--out", type=Path, default=SPEED / "networks_gpu.csv")
    options = parser.parse_args()
    use_gpu(parser)
    # The functions of all networks have one name, which TensorFlow reports as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    measure(options.out, [read(folder) for folder in all_in(COMPARED)], seconds=options.seconds)


def measure(out: Path, comparisons: Sequence[Results], *, seconds: float, most: int = 101) -> None:
    """Measure the networks of every comparison, print a table and write a CSV."""
    console = Console(width=max(Console().width, 140))
    table = Table("networks", "XLA", "milliseconds, forward")
    lines: list[dict[str, object]] = []
    for results, xla in track([*product(comparisons, (True, False))], "measuring", console=console):
        twins = [twin for twin in results.twins if twin.fairness == "own"]
        calls = {twin.upsampler: forward(results, twin, xla=xla) for twin in twins}
        medians, rounds = interleaved_medians(calls, seconds, 5, most)
        times = {name: 1000 * median / APPLICATIONS for name, median in medians.items()}
        facts = results.facts
        name, source = facts["name"], facts["source"]["name"]
        cells = ", ".join(f"{upsampler} {time:.3f}" for upsampler, time in times.items())
        table.add_row(f"{name}, {source}", "yes" if xla else "no", cells)
        lines += [
            {"networks": name, "source": source, "upsampler": upsampler, "xla": xla}
            | {"forward_ms": f"{time:.4f}", "rounds": rounds}
            for upsampler, time in times.items()
        ]
    console.print(table)
    write_results(out, lines)
    console.print(f"written to {out}")


def forward(results: Results, twin: Twin, *, xla: bool) -> Callable[[], object]:
    """Return a call that applies a twin's exported network ten times."""
    name, source = parse_name(twin.model), results.facts["source"]["name"]
    recipe = recipe_for(name.family, source, dict(twin.settings))
    arguments = architecture(name, recipe, SHAPES.get(source, (0, 0, 1))).published_arguments
    model = build_model(twin.model, **arguments)
    shape = input_shape(model, name.scale, results.facts["batch"])
    inputs = [tf.random.stateless_uniform(shape, (0, number)) for number in range(APPLICATIONS)]
    return waited_for(lambda: [model(image, training=False) for image in inputs], xla=xla)


if __name__ == "__main__":
    main()
