"""How the samples of an exported generator compare with a source."""

from pathlib import Path

import tensorflow as tf

from training.data import Source, evaluation_batches
from zoo.metrics import sample_metrics

COUNT, BATCH, SEED = 10_000, 500, 0
PROTOCOL = "samples, {batch} of each seed from 0 on, beside as many pictures, values in 0..1; spectral_distance in dB"


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
    return PROTOCOL.format(batch=size), count, sample_metrics(real, tf.concat(made, 0)[:count], period)
