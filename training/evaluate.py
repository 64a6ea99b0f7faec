"""Evaluate an exported SavedModel on a source, picture by picture."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from training.data import Source, evaluation_batches, open_source
from training.data.sources.pictures import PictureSource
from training.errors import InputError
from training.recipes import Recipe
from training.runs.evaluations import Evaluation
from training.runs.folder import RUNS, Run
from training.tasks.classification.task import accuracy, cross_entropy
from training.tasks.reconstruction.task import measures
from training.tasks.task import Batch
from zoo.models import parse_name
from zoo.pretrained.load import CARD, verify
from zoo.registry import ModelName

BATCH = 100
OTHERS = RUNS / "evaluate"
PROTOCOL = "mean over pictures, values in 0..1, peak 1"
CLASSIFICATION_PROTOCOL = "share of pictures whose likeliest class is the label; mean cross-entropy in nats"

# A picture's name and its metrics by name.
Rows = Iterator[tuple[str, dict[str, float]]]


def evaluate(
    saved_model: Path,
    name: ModelName,
    source: Source,
    split: str,
    features: str | None = None,
    draws: int = Recipe.likelihood_draws,
) -> Evaluation:
    """Run an exported model on every picture of a part of a source and measure what comes back.

    Args:
        saved_model: the exported model.
        name: its parsed name.
        source: where pictures come from.
        split: the part of the source.
        features: a name that `feature_function` takes, for the distances of samples; by default the published
            classifier of the source.
        draws: of the latent a picture, for the likelihood of a variational autoencoder.

    Raises:
        InputError: features are given for a model that draws no samples, or cannot be had.
    """
    kind = name.family.kind
    if kind == "vae":
        return _likelihood(saved_model, name, source, split, features, draws)
    if kind == "generator":
        return _sampled(saved_model, name, source, split, features)
    if features:
        raise InputError(f"features={features} are for models that draw samples; {name} draws none")
    return MEASURED[kind](saved_model, name, source, split)


def _enlarged(saved_model: Path, name: ModelName, source: Source, split: str) -> Evaluation:
    from training.tasks.super_resolution import evaluation as super_resolution_protocol

    assert name.scale is not None, name
    enlarger = super_resolution_protocol.exported(saved_model, name.scale)
    protocol = super_resolution_protocol.PROTOCOL.format(scale=name.scale)
    rows = list(super_resolution_protocol.measured(enlarger, source, split))
    return Evaluation(source.name, split, protocol, rows)


def _reconstructed(saved_model: Path, name: ModelName, source: Source, split: str) -> Evaluation:
    model = tf.saved_model.load(str(saved_model))

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        image = tf.cast(batch["image"], tf.float32) / 255.0
        return measures(image, model.serve(image)["image"], name.family.upsampling)

    return Evaluation(source.name, split, PROTOCOL, list(_measured(measure, source, split)))


def _classified(saved_model: Path, _: ModelName, source: Source, split: str) -> Evaluation:
    model = tf.saved_model.load(str(saved_model))

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        probabilities = model.serve(tf.cast(batch["image"], tf.float32) / 255.0)["probabilities"]
        logits = tf.math.log(tf.maximum(probabilities, np.finfo(np.float32).tiny))
        return {
            "accuracy": accuracy(batch["label"], logits),
            "cross_entropy": cross_entropy(batch["label"], logits),
        }

    rows = list(_measured(measure, source, split, labels=True))
    return Evaluation(source.name, split, CLASSIFICATION_PROTOCOL, rows)


def _likelihood(
    saved_model: Path, name: ModelName, source: Source, split: str, features: str | None, draws: int
) -> Evaluation:
    from training.tasks.variational import evaluation as likelihood

    sampled = _sampled(saved_model, name, source, split, features)
    rows = list(likelihood.measured(saved_model, name.family.upsampling, source, split, draws))
    protocol = f"{likelihood.PROTOCOL.format(draws=draws)}; {sampled.protocol}"
    # What the samples' checkerboard is told beside it has that name already.
    together = {metric: value for metric, value in sampled.together.items() if metric not in rows[0][1]}
    return replace(sampled, protocol=protocol, rows=rows, estimates=likelihood.ESTIMATES, together=together)


def _sampled(saved_model: Path, name: ModelName, source: Source, split: str, features: str | None) -> Evaluation:
    from training.tasks import samples

    protocol, count, metrics = samples.measured(saved_model, name.family.upsampling, source, split, features)
    return Evaluation(source.name, split, protocol, [], samples=count, together=metrics)


def _measured(
    measure: Callable[[Batch], dict[str, tf.Tensor]], source: Source, split: str, *, labels: bool = False
) -> Rows:
    """Number and metrics of every picture of a part."""
    measure = tf.function(measure)
    number = 0
    for batch in evaluation_batches(source.split(split), batch_size=BATCH, labels=labels):
        columns = {name: values.numpy() for name, values in measure(batch).items()}
        for position in np.flatnonzero(batch["mask"].numpy()):
            yield str(number), {name: float(values[position]) for name, values in columns.items()}
            number += 1


MEASURED: dict[str, Callable[[Path, ModelName, Source, str], Evaluation]] = {
    "autoencoder": _reconstructed,
    "super-resolution": _enlarged,
    "classifier": _classified,
}


def find_saved_model(name: str) -> Path:
    """The verified folder of a published model, or the SavedModel of a run.

    Raises:
        InputError: the run is not finished, or is no run.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
    """
    if "/" not in name and not Path(name).is_dir():
        return verify(name)
    run = Run(Path(name))
    run.config()
    if not run.finished:
        raise InputError(f"{name} is not finished and has no saved_model/ yet; the command that began it goes on")
    return run.saved_model


def evaluate_command(name: str, data: str | None, console: Console, features: str | None = None) -> None:
    """Evaluate, print the means and write one row a picture: into the run's folder, or `runs/evaluate/`.

    What is measured by features of another kind is not the run's own evaluation, and never lies in its folder.

    `bicubic_x2` and so on are names too, for super-resolution's baseline.
    """
    evaluation, folder = _baseline(name, data) or _evaluated(name, data, console, features)
    path = evaluation.write(folder, "-".join(Path(name).parts[-2:]) if folder == OTHERS else "", features or "")
    errors = evaluation.standard_errors()
    table = Table(name, f"{evaluation.source} {evaluation.split}", *(["standard error"] if errors else []))
    table.add_row("pictures", str(evaluation.pictures))
    if evaluation.samples:
        table.add_row("samples", str(evaluation.samples))
    for metric, value in evaluation.means().items():
        table.add_row(metric, f"{value:.4f}", *([f"{errors[metric]:.4f}"] if metric in errors else []))
    console.print(table)
    console.print(f"one row a picture: {path}")


def _baseline(name: str, data: str | None) -> tuple[Evaluation, Path] | None:
    """The evaluation of a bicubic enlargement; None for another name."""
    from training.tasks.super_resolution import evaluation as super_resolution_protocol

    enlarger = super_resolution_protocol.bicubic(name)
    if not enlarger:
        return None
    if not data:
        raise InputError(f"{name} is trained on nothing: give DATA, such as set5, photos or folder:PATH")
    source = open_source(data)
    split = _whole(source)
    rows = list(super_resolution_protocol.measured(enlarger, source, split))
    protocol = super_resolution_protocol.PROTOCOL.format(scale=enlarger.scale)
    return Evaluation(source.name, split, protocol, rows), OTHERS


def _evaluated(name: str, data: str | None, console: Console, features: str | None) -> tuple[Evaluation, Path]:
    """The evaluation of a published model or a run, and the folder that it belongs to."""
    saved_model = find_saved_model(name)
    facts = json.loads((saved_model / CARD).read_text())
    parts = parse_name(facts["name"].partition(".")[0])
    source = open_source(data or facts["source"])
    split = part_to_measure(source, facts) if parts.scale else source.held_out
    if not parts.scale:
        source = _fitting(name, facts, source, data, console)
    run = Run(saved_model.parent)
    of_run = (run.path / "config.json").is_file()
    draws = run.config()["recipe"]["likelihood_draws"] if of_run else Recipe.likelihood_draws
    folder = run.path / "evaluation" if of_run and not features else OTHERS
    return evaluate(saved_model, parts, source, split, features, draws), folder


def _whole(source: Source) -> str:
    """The part that a model which never saw a source is measured on: all of it where it can be had."""
    return "all" if isinstance(source, PictureSource) and "train" in source.splits else source.held_out


def part_to_measure(source: Source, facts: Mapping[str, Any]) -> str:
    """The part of a source that a super-resolution model is measured on: what none of its trainings took pictures from.

    Args:
        source: of pictures.
        facts: of the model's card: its `source`, and the `legs` that its first weights come from.
    """
    seen = {name for leg in (*facts.get("legs", []), facts) for name in _joined(leg["source"])}
    return source.held_out if seen & _joined(source.name) else _whole(source)


def _joined(source: str) -> set[str]:
    """The sources that one is made of, folders by where they are."""
    folder = "folder:"
    return {
        folder + str(Path(part.removeprefix(folder)).resolve()) if part.startswith(folder) else part
        for part in source.split("+")
    }


def _fitting(name: str, facts: Mapping[str, Any], source: Source, data: str | None, console: Console) -> Source:
    """The source with pictures of the model's size."""
    shape = tuple(facts["model_arguments"].get("image_shape", facts["input"]["shape"][1:]))
    if source.image_shape != shape and shape[0] == shape[1]:
        source = open_source(data or facts["source"], image_size=shape[0])
        console.print(f"pictures of {source.name} are scaled and cut to {shape[0]}x{shape[1]}")
    if source.image_shape != shape:
        raise InputError(
            f"{name} is for pictures of {'x'.join(map(str, shape))}, {source.name} has "
            f"{'x'.join(map(str, source.image_shape))}; choose another source"
        )
    classes = facts["model_arguments"].get("classes", source.classes)
    if classes != source.classes:
        raise InputError(f"{name} tells {classes} classes, {source.name} has {source.classes}; choose another source")
    return source
