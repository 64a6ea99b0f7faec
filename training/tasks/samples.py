"""Compare the samples of an exported model with the pictures of a source."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Pictures, Source, StreamedPictures, evaluation_batches
from training.errors import InputError
from training.recipes import RECIPES, first_source
from training.runs.evaluations import Evaluation, EvaluationOptions
from zoo.metrics import (
    FeatureFunction,
    class_shares,
    compare_sets,
    features_of,
    frechet_distance,
    kernel_distance,
    sample_metrics,
)
from zoo.pretrained.feature_functions import FeaturesUnavailableError, class_probabilities, feature_function
from zoo.pretrained.load import card, published_names
from zoo.registry import ModelName, UnknownNameError

CLASSIFIER = "features"
COUNT, BATCH, SEED = 10_000, 500, 0
PROTOCOL = (
    "{count:,} samples, {batch} of each seed from {seed} on, beside as many pictures, values in 0..1; "
    "spectral_distance in dB"
)
DISTANCES = (
    "; frechet, kernel, precision and recall by {features}, floors between as many pictures of the training part and "
    "the same pictures"
)
SAMPLE_METRICS = (
    *("frechet", "kernel", "precision", "recall", "confident", "spectral_distance", "diversity"),
    *("frechet_floor", "kernel_floor", "confident_floor", "smallest_class", "largest_class"),
)
"""Names of the metrics of samples, without the checkerboard."""
CLASSES = "; confident is the share that {features} puts in a class with more than 0.9"


def classifier_of(source: Source, shape: tuple[int, ...]) -> str | None:
    """Return the name of the published classifier of a source, or None where there is none for pictures of that shape.

    Its features measure how far samples are from the source.
    """
    first = first_source(RECIPES[CLASSIFIER].source)
    name = CLASSIFIER if source.name == first else f"{CLASSIFIER}.{source.name}"
    if name not in published_names() or tuple(card(name)["input"]["shape"][1:]) != tuple(shape):
        return None
    return name


def evaluate_samples(
    saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions
) -> Evaluation:
    """Return the metrics of an exported model's samples.

    One sample is drawn per picture of the part, and 10,000 at most. Without features, no distances are measured.

    Args:
        saved_model: an exported model with an endpoint `sample`.
        name: of the model.
        source: where pictures come from.
        split: the part of the source.
        options: its `features` are a name that `feature_function` takes; by default the published classifier of the
            source.

    Raises:
        InputError: the features cannot be had.
    """
    real = _first_pictures(source.split(split), COUNT)
    classifier = classifier_of(source, real.shape[1:])
    features = options.features or classifier
    # A name that is misspelt or cannot be had is reported before any work.
    function = _function(features) if features else None
    size = min(BATCH, len(real))
    model = tf.saved_model.load(str(saved_model))
    seeds = range(SEED, SEED + -(-len(real) // size))
    batches: list[tf.Tensor] = []
    for seed in seeds:
        options.show("drawing samples", size * len(batches), len(real))
        batches.append(model.sample(count=size, seed=tf.constant(seed, tf.int64))["image"])
    options.show("measuring the samples")
    samples = tf.concat(batches, 0)[: len(real)]

    protocol = PROTOCOL.format(count=len(real), batch=size, seed=SEED)
    metrics = sample_metrics(tf.constant(real), samples, name.period)
    if function:
        protocol += DISTANCES.format(features=features)
        metrics |= _distances(function, real, samples.numpy(), source)
    if classifier:
        protocol += CLASSES.format(features=classifier)
        metrics |= _classes(classifier, real, samples.numpy())
    return Evaluation(source.name, split, protocol, [], samples=len(real), of_samples=metrics)


def _function(features: str) -> FeatureFunction:
    try:
        return feature_function(features)
    except (FeaturesUnavailableError, UnknownNameError) as error:
        raise InputError(f"features {features}: {error}") from error


def _distances(function: FeatureFunction, real: np.ndarray, samples: np.ndarray, source: Source) -> dict[str, float]:
    """Return every distance of `compare_sets`, and their floors: the distances that real pictures reach."""
    others = _first_pictures(source.split("train"), len(real))
    try:
        of_real, of_samples, of_others = (features_of(function, pictures) for pictures in (real, samples, others))
        return compare_sets(of_real, of_samples) | {
            "frechet_floor": frechet_distance(of_real, of_others),
            "kernel_floor": kernel_distance(of_real, of_others),
        }
    except ValueError as error:
        pictures = f"{len(real)} pictures of {source.name} and {len(others)} of its training part"
        raise InputError(f"distances of samples to {pictures}: {error}") from error


def _classes(classifier: str, real: np.ndarray, samples: np.ndarray) -> dict[str, float]:
    """Return the shares of samples in the classifier's classes, and the share of real pictures that it is sure of."""
    function = class_probabilities(classifier)
    shares, reference = (class_shares(features_of(function, pictures)) for pictures in (samples, real))
    return {
        "confident": shares.confident,
        "confident_floor": reference.confident,
        "smallest_class": min(shares.classes),
        "largest_class": max(shares.classes),
    }


def _first_pictures(pictures: Pictures | StreamedPictures, count: int) -> np.ndarray:
    """Return the first `count` pictures of a part, or all it has, float32 in 0..1."""
    size = min(BATCH, count)
    batches = evaluation_batches(pictures, batch_size=size).take(-(-count // size))
    taken = [tf.boolean_mask(batch["image"], batch["mask"] > 0).numpy() for batch in batches]
    return np.concatenate(taken)[:count].astype(np.float32) / np.float32(255.0)
