"""How the samples of an exported generator compare with a source."""

from pathlib import Path

import tensorflow as tf

from training.data import Source, evaluation_batches
from training.recipes import RECIPES, first_source
from zoo.features import feature_function
from zoo.metrics import sample_metrics
from zoo.pretrained import card, published_names

CLASSIFIER = "features"
COUNT, BATCH, SEED = 10_000, 500, 0
PROTOCOL = "samples, {batch} of each seed from 0 on, beside as many pictures, values in 0..1; spectral_distance in dB"
FRECHET = "; frechet by the features of {classifier}"


def classifier_of(source: Source, shape: tuple[int, ...]) -> str | None:
    """The published classifier of a source whose pictures have that shape, or None.

    Its features tell how far samples are from the source.
    """
    first = first_source(RECIPES[CLASSIFIER].source)
    name = CLASSIFIER if source.name == first else f"{CLASSIFIER}.{source.name}"
    if name not in published_names() or tuple(card(name)["input"]["shape"][1:]) != tuple(shape):
        return None
    return name


def measured(saved_model: Path, period: int, source: Source, split: str) -> tuple[str, int, dict[str, float]]:
    """The protocol in a sentence, the number of samples, and the metrics.

    Args:
        saved_model: an exported model with an endpoint `sample`.
        period: total factor of its up-samplers.
        source: where pictures come from.
        split: its part; as many samples are drawn as it has pictures, 10,000 at most.
    """
    model = tf.saved_model.load(str(saved_model))
    pictures = source.split(split)
    count = min(COUNT, pictures.count)
    size = min(BATCH, count)
    data = [
        tf.boolean_mask(batch["image"], batch["mask"] > 0)
        for batch in evaluation_batches(pictures, batch_size=size).take(-(-count // size))
    ]
    real = tf.cast(tf.concat(data, 0)[:count], tf.float32) / 255.0
    seeds = range(SEED, SEED + -(-count // size))
    made = [model.sample(count=size, seed=tf.constant(seed, tf.int64))["image"] for seed in seeds]
    classifier = classifier_of(source, tuple(real.shape[1:]))
    protocol = PROTOCOL.format(batch=size) + (FRECHET.format(classifier=classifier) if classifier else "")
    features = feature_function(classifier) if classifier else None
    return protocol, count, sample_metrics(real, tf.concat(made, 0)[:count], period, features)
