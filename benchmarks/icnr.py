"""Train twins from several initialisers, to find out whether ICNR helps or hurts, and why.

    python -m benchmarks.icnr [--models ae espcn_x3 sesr_x2] [--starts icnr glorot ...] [--seeds 5] [--steps n]
                              [--data SOURCE] [--set field=value ...] [--out results/quality/icnr.csv]

Every model starts from the kernels of `benchmarks.icnr_starts.STARTS`, with equal other weights, and each of these
functions is trained in sub-pixel form and in transposed form. The difference between starts is that of the initialiser,
and the difference between forms from one start is that of the layer. A row is written per evaluation of a run, and one
for the step 0. Trainings that are finished are not repeated, and rows of other models stay in the file.
"""

import argparse
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
from rich.console import Console
from rich.table import Table

from benchmarks.icnr_starts import FORMS, STARTS, Start, copy_weights, kernel_facts
from benchmarks.results import ROOT, write_results
from training.compare.running import train_quietly
from training.data import Source, open_source
from training.recipes import parse_overrides, recipe_for
from training.request import ResolvedTraining, TrainingRequest, resolve
from training.runs.choosing import finished_run
from training.runs.folder import RUNS, Run, run_id
from zoo.models import build_model, parse_name
from zoo.pretrained.load import set_saved_weights
from zoo.registry import ModelName
from zoo.system.files import read_csv

OUT = ROOT / "results" / "quality" / "icnr.csv"
KERNEL = ("kernel_deviation", "share_among_phases")
"""The facts of `kernel_facts`."""


def planned(model: ModelName, start: str, source: Source, request: TrainingRequest) -> ResolvedTraining:
    """Return the training of one form of a model from one start."""
    training = resolve(dataclasses.replace(request, model=model), source)
    weights = Start(start, model, training.architecture.arguments, request.seed)
    identity = {**training.identity, "init": weights.fingerprint}
    return dataclasses.replace(training, start=weights, identity=identity, run_id=run_id(identity, request.seed))


def rows_of(training: ResolvedTraining, run: Run, start: str) -> Iterator[dict[str, Any]]:
    """Yield the facts of a run at step 0 and at each of its evaluations."""
    name = training.request.model
    facts = {
        "model": str(dataclasses.replace(name, upsampler=None)),
        "start": start,
        "form": name.upsampler,
        "seed": training.request.seed,
        "source": training.recipe["source"],
    }
    arguments = training.architecture.published_arguments
    fresh = build_model(str(name), **training.architecture.arguments)
    assert training.start is not None
    training.start.apply(fresh)
    yield {**facts, "step": 0, "psnr": "", "checkerboard": "", **_kernels(fresh, name, training.architecture.arguments)}
    trained = build_model(str(name), **arguments)
    set_saved_weights(trained, run.saved_model)
    evaluations = [row for row in read_csv(run.path / "metrics.csv") if row["eval/psnr"]]
    for row in evaluations:
        last = _kernels(trained, name, arguments) if row is evaluations[-1] else dict.fromkeys(KERNEL, "")
        measured = {"psnr": row["eval/psnr"], "checkerboard": row["eval/checkerboard"]}
        yield {**facts, "step": int(row["step"]), **measured, **last}


def _kernels(model: keras.Model, name: ModelName, arguments: dict[str, Any]) -> dict[str, Any]:
    if name.upsampler == FORMS[0]:
        return dict(kernel_facts(model))
    twin = build_model(str(dataclasses.replace(name, upsampler=FORMS[0])), **arguments)
    copy_weights(model, twin)
    return dict(kernel_facts(twin))


def measure(
    name: str,
    starts: Sequence[str],
    seeds: int,
    data: str | None,
    settings: dict[str, Any],
    console: Console,
    root: Path = RUNS,
) -> list[dict[str, Any]]:
    """Return the rows of all trainings of a model, trained now where they are not yet.

    Args:
        name: `<family>[_x<scale>]`.
        starts: of `STARTS`.
        seeds: number of seeds.
        data: a source; by default the recipe's.
        settings: fields of the recipe.
        console: to print to.
        root: the folder of all runs.
    """
    rows = []
    for seed, start, form in itertools.product(range(seeds), starts, FORMS):
        model = parse_name(f"{name}_{form}")
        recipe = recipe_for(model.family, data, settings)
        source = open_source(recipe.source, recipe.image_size, seed)
        request = TrainingRequest(model=model, recipe=recipe, seed=seed, settings=settings, root=root)
        training = planned(model, start, source, request)
        run = finished_run(str(model), training.identity, seed, root) or train_quietly(training)
        found = list(rows_of(training, run, start))
        console.print(f"{model} from {start}, seed {seed}: {float(found[-1]['psnr']):.2f} dB")
        rows += found
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> Table:
    """Return a table of the last evaluations: mean and standard deviation over seeds."""
    table = Table("model", "start", "form", "PSNR", "checkerboard", "kernel deviation", "share among phases")
    last: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
    for row in rows:
        last.setdefault((row["model"], row["start"], row["form"]), {})[row["seed"]] = row
    for key, runs in last.items():
        cells = []
        for column, digits in (("psnr", ".2f"), ("checkerboard", ".1e"), *((each, ".3f") for each in KERNEL)):
            values = [float(row[column]) for row in runs.values()]
            spread = f" ± {np.std(values, ddof=1):{digits}}" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):{digits}}{spread}")
        table.add_row(*key, *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the experiment."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=["ae", "espcn_x3", "sesr_x2"], metavar="family[_xSCALE]")
    parser.add_argument("--starts", nargs="+", default=STARTS, choices=STARTS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, help="of each run; by default the recipe's compare_steps")
    parser.add_argument("--data", help="a source; by default the recipe's")
    parser.add_argument("--set", nargs="+", default=[], metavar="field=value")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    settings = parse_overrides(options.set)
    console, rows = Console(), []
    for name in options.models:
        steps = options.steps or recipe_for(parse_name(f"{name}_{FORMS[0]}").family, options.data).compare_steps
        rows += measure(name, options.starts, options.seeds, options.data, {**settings, "steps": steps}, console)
    write_results(options.out, rows, kept=lambda row: row["model"] not in options.models)
    console.print(summary(rows))


if __name__ == "__main__":
    main()
