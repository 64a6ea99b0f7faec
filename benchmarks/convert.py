"""Measure the time of real networks before and after `zoo.convert`, in four runtimes.

    pip install -r benchmarks/requirements.txt      # LiteRT and ONNX Runtime; without them, TensorFlow and XLA only
    python -m benchmarks.convert [--quick] [--out results/speed/convert.csv]

Each network of benchmarks/architectures.py is converted to sub-pixel convolutions three times: with `when="always"`;
with `form="layer"`, which rearranges kernels whenever they are used; and with `when="faster"`, which measures each
layer in TensorFlow on this machine and converts those that gain. The runtimes are TensorFlow (`tf.function`), XLA
(`jit_compile`), LiteRT and ONNX Runtime, each with one thread per core. In each runtime the networks run alternately.
If `faster` converted all layers or none, it is one of the other two networks and is not measured again.

Every figure is a median over rounds; a gain is the original's time divided by the converted one's. The memory allocator
keeps freed memory, as in benchmarks/layers.py.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

from benchmarks.allocator import keep_freed_memory
from zoo.system.quiet_tensorflow import start_tensorflow

if __name__ == "__main__":
    keep_freed_memory()
start_tensorflow()

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.architectures import CASES, Case, inputs_of
from benchmarks.results import SPEED, write_results
from zoo.convert import convert
from zoo.convert.values import largest_difference
from zoo.formats.runtimes import RUNTIMES, missing, runner
from zoo.system.timing import interleaved_medians

OPTIONS = {"always": {}, "layer": {"form": "layer"}, "faster": {"when": "faster"}}
TERMS = ("original", *OPTIONS)
LARGEST_DIFFERENCE = 1e-5
SLOWEST = 0.97
# The form of one layer would be the default if it took at most this part of the other form's time in every row.
LONGEST_LAYER = 1.03


class Result(NamedTuple):
    """Hold the times of a network in a runtime.

    Attributes:
        case: the network.
        runtime: one of `RUNTIMES`.
        milliseconds: of each term.
        difference: max|a - b| / max|a| between the original's outputs and those of each term.
        converted: layers that were converted for each term.
        rounds: measured.
    """

    case: Case
    runtime: str
    milliseconds: dict[str, float]
    difference: dict[str, float]
    converted: dict[str, int]
    rounds: int

    def gain(self, term: str) -> float:
        """Return how many times as fast as the original a term is."""
        return self.milliseconds["original"] / self.milliseconds[term]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a few rounds, for a rule of thumb")
    parser.add_argument("--out", type=Path, default=SPEED / "convert.csv")
    options = parser.parse_args()
    seconds, fewest, most = (0.5, 3, 5) if options.quick else (5.0, 11, 201)

    tf.get_logger().setLevel("ERROR")
    console = Console(width=max(Console().width, 150))
    runtimes = [runtime for runtime in RUNTIMES if not missing(runtime)]
    for runtime in RUNTIMES:
        if packages := missing(runtime):
            console.print(
                f"{runtime} is left out: {', '.join(packages)} not installed; see benchmarks/requirements.txt"
            )
    results: list[Result] = []
    for case in track(CASES, "measuring", console=console):
        results += measured(case, runtimes, seconds, fewest, most)

    console.print(times_table(results))
    console.print(goals_table(results))
    write_csv(options.out, results)
    console.print(f"written to {options.out}")


def measured(case: Case, runtimes: list[str], seconds: float, fewest: int, most: int) -> list[Result]:
    """Measure one network in every runtime."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    models = {"original": case.make()}
    converted = {"original": 0}
    for term, options in OPTIONS.items():
        models[term], report = convert(models["original"], "subpixel", **options)
        converted[term] = len(report.converted)
    equal_term = {converted[term]: term for term in ("always", "original")}.get(converted["faster"])
    inputs = inputs_of(models["original"])
    results = []
    for runtime in runtimes:
        runs = {term: runner(runtime, models[term], inputs) for term in TERMS if term != "faster" or not equal_term}
        medians, rounds = interleaved_medians(runs, seconds, fewest, most)
        expected = runs["original"]()
        difference = {term: largest_difference(expected, run()) for term, run in runs.items()}
        milliseconds = {term: 1000 * median for term, median in medians.items()}
        if equal_term:
            milliseconds["faster"], difference["faster"] = milliseconds[equal_term], difference[equal_term]
        results.append(Result(case, runtime, milliseconds, difference, converted, rounds))
    return results


def times_table(results: list[Result]) -> Table:
    heads = [*TERMS, *(f"gain, {term}" for term in OPTIONS)]
    table = Table("network", "runtime", *heads, "converted", "difference", "rounds")
    table.title = "milliseconds; a gain below 1 is a loss"
    for result in results:
        times = [f"{result.milliseconds[term]:.2f}" for term in TERMS]
        gains = [f"{result.gain(term):.2f}" for term in TERMS[1:]]
        count = f"{result.converted['faster']} of {result.converted['always']}"
        worst = f"{max(result.difference.values()):.1e}"
        table.add_row(result.case.name, result.runtime, *times, *gains, count, worst, str(result.rounds))
    return table


def goals_table(results: list[Result]) -> Table:
    """Return the goals of converting, and whether each is reached."""
    table = Table("", "value", "goal", title="goals")
    worst = max(value for result in results for value in result.difference.values())
    verdict = "" if worst <= LARGEST_DIFFERENCE else ": MISSED"
    table.add_row("difference of outputs, worst", f"{worst:.1e}", f"at most {LARGEST_DIFFERENCE:.0e}{verdict}")
    layers = [result.milliseconds["layer"] / result.milliseconds["always"] for result in results]
    verdict = "" if max(layers) <= LONGEST_LAYER else ": always stays the default"
    table.add_row("layer / always in any runtime, worst", f"{max(layers):.3f}", f"at most {LONGEST_LAYER:.2f}{verdict}")
    on_tensorflow = [result for result in results if result.runtime == "tensorflow"]
    slowest = min(result.gain("faster") for result in on_tensorflow)
    rows = [("original / faster on TensorFlow, worst", slowest, SLOWEST)]
    rows += [
        (f"original / always on TensorFlow, {result.case.name}", result.gain("always"), result.case.goal)
        for result in on_tensorflow
        if result.case.goal
    ]
    for name, value, limit in rows:
        table.add_row(name, f"{value:.3f}", f"at least {limit:.2f}{'' if value >= limit else ': MISSED'}")
    return table


def write_csv(path: Path, results: list[Result]) -> None:
    """Write one line per network, runtime and term, each with the facts of the machine."""
    lines = [
        {
            "network": result.case.name,
            "runtime": result.runtime,
            "term": term,
            "milliseconds": f"{result.milliseconds[term]:.3f}",
            "gain": f"{result.gain(term):.3f}",
            "layers_converted": result.converted[term],
            "difference": f"{result.difference[term]:.2e}",
            "rounds": result.rounds,
        }
        for result in results
        for term in TERMS
    ]
    write_results(path, lines)


if __name__ == "__main__":
    main()
