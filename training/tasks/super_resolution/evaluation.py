"""Evaluate super-resolution networks and their bicubic baseline on pictures that no training of theirs has used."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from training.data import Source, open_source
from training.data.sources.pictures import PictureSource
from training.errors import InputError
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.pictures import to_float
from training.tasks.serving import Endpoints
from training.tasks.super_resolution.degradation import Degradation, parse_degradation
from training.tasks.super_resolution.protocol import (
    PROTOCOL,
    Candidate,
    bicubic_candidate,
    exported_candidate,
    measure,
)
from training.tasks.task import Batch
from zoo.registry import ModelName


def evaluate(saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions) -> Evaluation:
    """Return the quality of every picture that an exported network enlarges.

    Raises:
        InputError: the degradation of the options cannot be read.
    """
    degradation = parse_degradation(options.degradation)
    return _evaluation(exported_candidate(saved_model, name.period), source, split, degradation)


def evaluate_bicubic(name: str, data: str | None, degradation: str | None = None) -> Evaluation | None:
    """Return the evaluation of the baseline `bicubic_x2`, `bicubic_x3`, ...; None for another name.

    Raises:
        InputError: no source was given, or the degradation cannot be read.
    """
    candidate = bicubic_candidate(name)
    if not candidate:
        return None
    if not data:
        raise InputError(f"{name} is trained on nothing: give DATA, such as set5, photos or folder:PATH")
    how = parse_degradation(degradation)
    source = open_source(data)
    return _evaluation(candidate, source, _largest_part(source), how)


def _evaluation(candidate: Candidate, source: Source, split: str, degradation: Degradation) -> Evaluation:
    rows = list(measure(candidate, source, split, degradation))
    protocol = PROTOCOL.format(degradation=degradation.words, scale=candidate.scale)
    return Evaluation(source.name, split, protocol, rows, degradation=str(degradation))


def source_for(
    _: str, card: Mapping[str, Any], source: Source, __: str | None, ___: Callable[[str], None]
) -> tuple[Source, str]:
    """Return the source itself, because networks take pictures of any size, and the part of it to evaluate on."""
    return source, unseen_part(source, card)


def unseen_part(source: Source, card: Mapping[str, Any]) -> str:
    """Choose the part of a source to evaluate on: one that no training of this model has used.

    Args:
        source: of pictures.
        card: of the model: its `source`, and the `legs` that its first weights come from.
    """
    seen = {name for training in (*card.get("legs", []), card) for name in _joined_sources(training["source"])}
    return source.held_out if seen & _joined_sources(source.name) else _largest_part(source)


def _largest_part(source: Source) -> str:
    """Return the part for a model that never saw the source: all of its pictures if they can be read together."""
    return "all" if isinstance(source, PictureSource) and "train" in source.splits else source.held_out


def _joined_sources(source: str) -> set[str]:
    """Return the names that a joined source consists of, with folders as absolute paths."""
    folder = "folder:"
    return {
        folder + str(Path(part.removeprefix(folder)).resolve()) if part.startswith(folder) else part
        for part in source.split("+")
    }


def enlarge_batch(model: keras.Model, _: Endpoints, batch: Batch) -> tf.Tensor:
    """Return what a network itself makes of a batch's low-resolution patches, for the view of a comparison.

    The endpoints would hide how up-samplers differ: they remove the network's response to flat pictures.
    """
    return tf.clip_by_value(model(tf.cast(to_float(batch["low"]), tf.float32), training=False), 0.0, 1.0)
