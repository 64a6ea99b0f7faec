"""Evaluate a published model or a run on a source: ask its kind, print the means, write the rows."""

import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from training.data import Source, open_source
from training.errors import InputError
from training.recipes import VariationalOptions
from training.reporting import Waiting
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.runs.folder import RUNS, Run, find_saved_model
from training.tasks import kind_of
from training.tasks.super_resolution.evaluation import evaluate_bicubic
from zoo.models import parse_name
from zoo.names import PublishedName
from zoo.pretrained.index import CARD
from zoo.registry import ModelName
from zoo.system.whole_digits import whole_digits

ELSEWHERE = RUNS / "evaluate"
"""The folder of evaluations that belong to no run."""


@whole_digits()
def evaluate(
    saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions | None = None
) -> Evaluation:
    """Run an exported model on every picture of a part of a source and measure its outputs, in all digits on a GPU too.

    Args:
        saved_model: the exported model.
        name: the name of the model.
        source: where pictures come from.
        split: the part of the source.
        options: features and draws, for models that draw samples; a degradation, for those that enlarge pictures.

    Raises:
        InputError: features are given for a model that draws no samples, or cannot be had; a degradation is given for a
            model that enlarges no pictures, or cannot be read.
    """
    options = options or EvaluationOptions()
    if options.degradation and name.family.kind != "super-resolution":
        raise InputError(f"degradation={options.degradation} is for super-resolution networks; {name} is none")
    if options.features and not name.family.facts.draws:
        raise InputError(f"features={options.features} are for models that draw samples; {name} draws none")
    return kind_of(name.family).evaluate(saved_model, name, source, split, options)


def evaluate_command(
    name: str, data: str | None, console: Console, features: str | None = None, degradation: str | None = None
) -> None:
    """Evaluate, print the means and write one row per picture into the run's folder or `runs/evaluate/`.

    An evaluation with other `features` goes to `runs/evaluate/`, never into the run's own folder.

    Args:
        name: a published name, a run's folder, or `bicubic_x2` and so on for the baseline of super-resolution.
        data: a source; by default the one that the model was trained on.
        console: to print to.
        features: a name that `feature_function` takes, for the distances of samples.
        degradation: what is done to pictures before a super-resolution network enlarges them, such as `jpeg:40`.

    Raises:
        InputError: the model or the source does not exist, or they do not fit each other.
    """
    with Waiting(console, "evaluating") as waiting:
        evaluation, folder = evaluate_bicubic(name, data, degradation), ELSEWHERE
        if not evaluation:
            options = EvaluationOptions(features, degradation=degradation, show=waiting.show)
            evaluation, folder = _evaluate_exported(name, data, console, options)
    prefix = "-".join(Path(name).parts[-2:]) if folder == ELSEWHERE else ""
    path = evaluation.write(folder, prefix, features or "")
    errors = evaluation.standard_errors()
    pictures = " ".join(filter(None, (evaluation.source, evaluation.split, evaluation.degradation)))
    table = Table(name, pictures, *(["standard error"] if errors else []))
    table.add_row("pictures", str(evaluation.pictures))
    if evaluation.samples:
        table.add_row("samples", str(evaluation.samples))
    for metric, value in evaluation.means().items():
        table.add_row(metric, f"{value:.4f}", *([f"{errors[metric]:.4f}"] if metric in errors else []))
    console.print(table)
    console.print(f"one row per picture: {path}")


def _evaluate_exported(
    name: str, data: str | None, console: Console, options: EvaluationOptions
) -> tuple[Evaluation, Path]:
    """Return the evaluation of a published model or a run, and the folder that it belongs to."""
    saved_model = find_saved_model(name)
    card = json.loads((saved_model / CARD).read_text())
    model = parse_name(PublishedName.parse(card["name"]).model)
    source = open_source(data or card["source"])
    source, split = kind_of(model.family).source_for(name, card, source, data, console.print)
    run = Run(saved_model.parent)
    of_run = (run.path / "config.json").is_file()
    draws = run.config()["recipe"]["likelihood_draws"] if of_run else VariationalOptions.likelihood_draws
    folder = run.path / "evaluation" if of_run and not options.features else ELSEWHERE
    return evaluate(saved_model, model, source, split, replace(options, draws=draws)), folder
