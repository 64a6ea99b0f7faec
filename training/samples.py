"""How the samples of an exported generator compare with a source."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Pictures, Source, StreamedPictures, evaluation_batches
from training.errors import InputError
from training.recipes import RECIPES, first_source
from zoo.features import FeaturesUnavailableError, class_probabilities, feature_function
from zoo.metrics import class_shares, compare_sets, features_of, sample_metrics
from zoo.pretrained import card, published_names

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
CLASSES = "; confident is the share that {features} puts in a class with more than 0.9"


def classifier_of(source: Source, shape: tuple[int, ...]) -> str | None:
    """The published classifier of a source whose pictures have that shape, or None.

    Its features tell how far samples are from the source.
    """
    first = first_source(RECIPES[CLASSIFIER].source)
    name = CLASSIFIER if source.name == first else f"{CLASSIFIER}.{source.name}"
    if name not in published_names() or tuple(card(name)["input"]["shape"][1:]) != tuple(shape):
        return None
    return name


def measured(
    saved_model: Path, period: int, source: Source, split: str, features: str | None = None
) -> tuple[str, int, dict[str, float]]:
    """The protocol in a sentence, the number of samples, and the metrics.

    Args:
        saved_model: an exported model with an endpoint `sample`.
        period: total factor of its up-samplers.
        source: where pictures come from.
        split: its part; as many samples are drawn as it has pictures, 10,000 at most.
        features: a name of `zoo.features`; by default the published classifier of the source. Without one no
            distances are measured.

    Raises:
        InputError: the features cannot be had.
    """
    real = _first_pictures(source.split(split), COUNT)
    size = min(BATCH, len(real))
    model = tf.saved_model.load(str(saved_model))
    seeds = range(SEED, SEED + -(-len(real) // size))
    made = [model.sample(count=size, seed=tf.constant(seed, tf.int64))["image"] for seed in seeds]
    samples = tf.concat(made, 0)[: len(real)]

    protocol = PROTOCOL.format(count=len(real), batch=size, seed=SEED)
    metrics = sample_metrics(tf.constant(real), samples, period)
    classifier = classifier_of(source, real.shape[1:])
    if features or classifier:
        protocol += DISTANCES.format(features=features or classifier)
        metrics |= _distances(features or str(classifier), real, samples.numpy(), source)
    if classifier:
        protocol += CLASSES.format(features=classifier)
        metrics |= _classes(classifier, real, samples.numpy())
    return protocol, len(real), metrics


def _distances(features: str, real: np.ndarray, samples: np.ndarray, source: Source) -> dict[str, float]:
    """Every distance of `compare_sets`, and the floors: what real pictures reach."""
    try:
        function = feature_function(features)
        others, made, known = (
            features_of(function, pictures)
            for pictures in (_first_pictures(source.split("train"), len(real)), samples, real)
        )
    except (FeaturesUnavailableError, ValueError) as error:
        raise InputError(f"features {features}: {error}") from error
    floors = compare_sets(known, others)
    return compare_sets(known, made) | {f"{name}_floor": floors[name] for name in ("frechet", "kernel")}


def _classes(classifier: str, real: np.ndarray, samples: np.ndarray) -> dict[str, float]:
    """Shares of the samples by the classifier, and the real pictures' share that it is sure of."""
    function = class_probabilities(classifier)
    shares, reference = (class_shares(features_of(function, pictures)) for pictures in (samples, real))
    return {
        "confident": shares.confident,
        "confident_floor": reference.confident,
        "smallest_class": min(shares.classes),
        "largest_class": max(shares.classes),
    }


def _first_pictures(pictures: Pictures | StreamedPictures, count: int) -> np.ndarray:
    """The first `count` pictures of a part, or all, float32 in 0..1."""

    def parts() -> Iterator[np.ndarray]:
        for batch in evaluation_batches(pictures, batch_size=min(BATCH, count)):
            yield tf.boolean_mask(batch["image"], batch["mask"] > 0).numpy()

    taken: list[np.ndarray] = []
    for part in parts():
        taken.append(part)
        if sum(map(len, taken)) >= count:
            break
    return np.concatenate(taken)[:count].astype(np.float32) / np.float32(255.0)
