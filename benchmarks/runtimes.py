"""Measure the published super-resolution networks in every runtime, in both forms and in several precisions.

    pip install -r benchmarks/requirements.txt      # LiteRT and ONNX Runtime; without them, TensorFlow and XLA only
    python -m benchmarks.runtimes [--quick] [--models 'sesr*'] [--threads 1] [--out results/speed/runtimes.csv]

Each network enlarges a luma picture of 640x360, as it is published and as its twin: the same function, converted from
sub-pixel to transposed convolutions or the other way. One process measures with one thread, another with one per core.
All terms of a network run alternately; times are medians over rounds, and a ratio is a term's time divided by that of
the published form in TensorFlow. PSNR is that of the luma of Set5, if SR_DATA_DIR has it, with mirrored edges.

Rows of other models and runtimes in the file, such as those of a browser, stay: whoever measures them writes the same
columns. What a runtime refuses to run has no row.
"""

import argparse
import inspect
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.allocator import keep_freed_memory
from zoo.system.quiet_tensorflow import start_tensorflow

if __name__ == "__main__":
    keep_freed_memory()
start_tensorflow()

import numpy as np

import zoo
from benchmarks.results import SPEED, write_results
from zoo.formats.errors import ExportError
from zoo.system.files import read_csv, write_csv
from zoo.system.timing import interleaved_medians

SIZE = (360, 640)
PRECISIONS = ("float32", "float16", "int8")
COLUMNS = ("model", "form", "runtime", "precision", "threads", "milliseconds", "ratio", "psnr", "rounds")
Row = dict[str, Any]
Network = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a few rounds, for a rule of thumb")
    parser.add_argument("--models", default="*_x[234]_*", help="a pattern of published names")
    parser.add_argument("--threads", type=int, help="measure with this number only; by default with 1 and with all")
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=SPEED / "runtimes.csv")
    options = parser.parse_args()
    if options.part:
        use_threads(options.threads)
        write_csv(options.part, measured(options.models, tuple(options.size), options.threads, options.quick))
        return
    counts = [options.threads] if options.threads else sorted({1, os.cpu_count() or 1})
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            part = Path(folder) / f"{count}.csv"
            # TensorFlow takes its number of threads only before it has started, so each number has its own process.
            arguments = [*sys.argv[1:], "--threads", str(count), "--part", str(part)]
            subprocess.run([sys.executable, "-m", "benchmarks.runtimes", *arguments], check=True)
            rows += read_csv(part)
    measured_here = {(row["model"], row["runtime"]) for row in rows}
    write_results(options.out, rows, kept=lambda row: (row["model"], row["runtime"]) not in measured_here)
    print(f"written to {options.out}")


def use_threads(count: int) -> None:
    """Let every runtime of this process use a number of threads."""
    import tensorflow as tf

    # The functions of all networks have the same name, which TensorFlow reports as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)
    # The runners of LiteRT and ONNX Runtime take as many threads as Python counts cores.
    os.cpu_count = lambda: count


def measured(pattern: str, size: tuple[int, int], threads: int, quick: bool) -> list[Row]:
    """Return one row per network, form, runtime and precision."""
    rows = []
    for name in zoo.list_models(pattern, pretrained=True):
        rows += measured_network(name, size, threads, (0.2, 2, 3) if quick else (8.0, 7, 101))
        print(f"{name}, {threads} thread{'s' if threads > 1 else ''}: {len(rows)} rows so far", flush=True)
    return rows


def measured_network(name: str, size: tuple[int, int], threads: int, rounds: tuple[float, int, int]) -> list[Row]:
    """Return the rows of one published network.

    Args:
        name: a published name.
        size: height and width of the picture that is timed.
        threads: that this process uses, for the rows.
        rounds: seconds, and the fewest and most rounds.
    """
    import keras

    from zoo.network import field_of

    keras.backend.clear_session()
    models = forms_of(name)
    form, model = next(iter(models.items()))
    halo = field_of(model).halo or 0
    picture = np.random.default_rng(0).uniform(size=(1, *size, 1)).astype(np.float32)
    networks = {
        (each, runtime, precision): makes_runs
        for each, network in models.items()
        for runtime, precision, makes_runs in networks_of(network, zoo.card(name)["scale"])
    }
    runs = {}
    for term, make in networks.items():
        try:
            runs[term] = make(picture)
        # LiteRT finds out only when a file is opened that it has no kernel for an operation in 8 bits.
        except (RuntimeError, ExportError) as error:
            print(f"{name}, {' '.join(term)}, is left out: {error}")
    medians, count = interleaved_medians(runs, *rounds)
    published = medians[form, "tensorflow", "float32"]
    rows = []
    for term, median in medians.items():
        quality = psnr_on_set5(networks[term], zoo.card(name)["scale"], halo)
        facts = (name, *term, threads, f"{1000 * median:.3f}", f"{median / published:.3f}", quality, count)
        rows.append(dict(zip(COLUMNS, facts, strict=True)))
    return rows


def published_form(name: str) -> str:
    """Return the form in which a network is published."""
    return "transpose" if zoo.card(name)["upsampler"].startswith("transpose") else "subpixel"


def forms_of(name: str) -> dict[str, Any]:
    """Return a published network in the form in which it is published, and in the other one, by form."""
    from zoo.convert import convert

    model, form = zoo.create_model(name, pretrained=True), published_form(name)
    twin = "subpixel" if form == "transpose" else "transpose"
    return {form: model, twin: convert(model, to=twin)[0]}


def networks_of(model: Any, scale: int) -> Iterator[tuple[str, str, Callable[[np.ndarray], Callable[[], Any]]]]:
    """Return a network in each runtime and precision that is installed: from an input to a function that runs it."""
    from zoo.formats.exporters import EXPORTERS
    from zoo.formats.runtimes import RUNTIMES, missing, runner

    for runtime in RUNTIMES:
        if missing(runtime):
            continue
        if runtime not in EXPORTERS:
            yield runtime, "float32", lambda x, runtime=runtime: runner(runtime, model, [x])
            continue
        exporter = EXPORTERS[runtime]
        quantises = "quantise" in inspect.signature(exporter.convert).parameters
        for precision in PRECISIONS if quantises else PRECISIONS[:1]:
            options = {} if precision == "float32" else {"quantise": precision, "examples": calibration(scale)}
            content = exporter.convert(model, **options)
            yield runtime, precision, lambda x, run=exporter.runner, content=content: run(content, [x])


def calibration(scale: int) -> list[list[np.ndarray]]:
    """Return reduced photographs, from which int8 learns the range of every tensor; none of them is measured."""
    from training.data import open_source
    from zoo.imaging import cropped, degrade, luma

    pictures = open_source("photos").pictures("train")
    small = [degrade(cropped(luma(picture), scale), scale) for picture in pictures]
    return [[(picture[None] / 255).astype(np.float32)] for picture in small]


def psnr_on_set5(make: Callable[[np.ndarray], Callable[[], Any]], scale: int, halo: int) -> str:
    """Return the mean luma PSNR of a network on Set5, with mirrored edges; empty if Set5 is not there.

    Args:
        make: from an input to a function that runs the network.
        scale: of the network.
        halo: pixels around its own on which an enlarged pixel depends.
    """
    from training.data import open_source
    from training.errors import InputError
    from zoo.imaging import cropped, degrade, luma
    from zoo.metrics import super_resolution_metrics

    try:
        pictures = list(open_source("set5").pictures("test"))
    except InputError:
        return ""
    values = []
    for picture in pictures:
        target = cropped(luma(picture), scale)
        low = np.pad(degrade(target, scale), ((halo, halo), (halo, halo), (0, 0)), "symmetric")
        (output,) = make((low[None] / 255).astype(np.float32))()
        output = np.round(255 * np.clip(np.asarray(output)[0], 0, 1)).astype(np.uint8)
        start = scale * halo
        output = output[start : start + target.shape[0], start : start + target.shape[1]]
        values.append(super_resolution_metrics(target, output, scale)["psnr_y"])
    return f"{statistics.fmean(values):.3f}"


if __name__ == "__main__":
    main()
