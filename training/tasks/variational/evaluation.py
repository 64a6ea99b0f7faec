"""Evaluate an exported variational autoencoder: the bound, the importance-weighted likelihood, and its samples."""

from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from training.data import Source
from training.data.random_streams import Stream, normals, stream_key
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.quality import measure_quality
from training.tasks.rows import Rows, measure_pictures
from training.tasks.samples import evaluate_samples
from training.tasks.task import Batch
from training.tasks.variational.likelihood import binarised, divergence
from training.tasks.variational.task import TEST_SEED
from zoo.registry import ModelName

DRAWS_PER_BATCH = 5000
"""Latent draws decoded per batch, regardless of how many pictures they belong to."""
SMALLEST_PROBABILITY = 1e-7
"""Probabilities are clipped to at least this value, because a probability rounded to 0 has no logarithm.

The clipped model is what is measured.
"""
ESTIMATES = ("elbo", "log_likelihood")
PROTOCOL = (
    "mean over pictures; elbo and log_likelihood in nats, of pictures binarised by Bernoulli draws with seed 0: "
    "{draws} draws of the latent a picture, averaged for the evidence lower bound and importance-weighted for the "
    "log-likelihood (Burda et al. 2016); the others of the pictures themselves, values in 0..1, peak 1"
)


def evaluate(saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions) -> Evaluation:
    """Return the likelihood and the quality of every picture, and the metrics of samples.

    Raises:
        InputError: the features of `options` cannot be had.
    """
    sampled = evaluate_samples(saved_model, name, source, split, options)
    rows = list(measure_likelihood(saved_model, name.period, source, split, options))
    protocol = f"{PROTOCOL.format(draws=options.draws)}; {sampled.protocol}"
    # Drop the sample metrics whose names the per-picture rows already use: the checkerboard.
    metrics = {metric: value for metric, value in sampled.of_samples.items() if metric not in rows[0][1]}
    return replace(sampled, protocol=protocol, rows=rows, estimates=ESTIMATES, of_samples=metrics)


def measure_likelihood(saved_model: Path, period: int, source: Source, split: str, options: EvaluationOptions) -> Rows:
    """Yield the number and the metrics of every picture of a part.

    Args:
        saved_model: an exported variational autoencoder.
        period: the total factor of its up-samplers.
        source: where pictures come from.
        split: the part of the source.
        options: its draws of the latent per picture.
    """
    model, draws = tf.saved_model.load(str(saved_model)), options.draws

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        image = tf.cast(batch["image"], tf.float32) / 255.0
        binary = binarised(image, TEST_SEED, batch["position"])
        elbo, log_likelihood = _bounds(model, binary, batch["position"], draws)
        output = model.serve(image)["image"]
        return {"elbo": elbo, "log_likelihood": log_likelihood, **measure_quality(image, output, period)}

    size = max(1, DRAWS_PER_BATCH // draws)
    return measure_pictures(measure, source, split, options.show, words="measuring the likelihood", batch_size=size)


def _bounds(model: tf.Module, image: tf.Tensor, positions: tf.Tensor, draws: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the evidence lower bound and the importance-weighted one of binary pictures, `[batch]` each, in nats."""
    encoded = model.encode(image)
    mean, log_variance = encoded["latent"][:, None], encoded["log_variance"][:, None]
    latents = int(mean.shape[-1])
    noise = tf.reshape(
        normals(stream_key(TEST_SEED, Stream.POSTERIOR_NOISE), positions, draws * latents), (-1, draws, latents)
    )
    drawn = mean + tf.exp(0.5 * log_variance) * noise
    output = model.decode(tf.reshape(drawn, (-1, latents)))["image"]
    probability = tf.clip_by_value(output, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    probability = tf.reshape(probability, (-1, draws, *image.shape[1:]))
    # A pixel is 0 or 1, so that one logarithm per pixel is enough.
    of_image = tf.where(image[:, None] > 0.5, probability, 1.0 - probability)
    likelihood = tf.reduce_sum(tf.math.log(of_image), axis=(2, 3, 4))
    prior_to_posterior = 0.5 * tf.reduce_sum(tf.square(noise) + log_variance - tf.square(drawn), axis=-1)
    elbo = tf.reduce_mean(likelihood, axis=1) - divergence(encoded["latent"], encoded["log_variance"])
    weights = likelihood + prior_to_posterior
    return elbo, tf.reduce_logsumexp(weights, axis=1) - tf.math.log(float(draws))
