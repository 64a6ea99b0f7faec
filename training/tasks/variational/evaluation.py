"""How likely an exported variational autoencoder finds pictures: the bound, and the importance-weighted estimate."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Source, evaluation_batches
from training.data.random_streams import normals, stream_key
from training.recipes import Recipe
from training.tasks.reconstruction.task import measures
from training.tasks.variational.task import LATENTS, TEST_SEED, binarised, divergence

TOGETHER = 5000
"""Draws that are decoded in one batch, of however many pictures they are."""
# The model whose probabilities are so clipped is the one that is measured: a rounded 0 would have no logarithm.
LEAST = 1e-7
ESTIMATES = ("elbo", "log_likelihood")
PROTOCOL = (
    "mean over pictures; elbo and log_likelihood in nats, of pictures binarised by Bernoulli draws with seed 0: "
    "{draws} draws of the latent a picture, averaged for the evidence lower bound and importance-weighted for the "
    "log-likelihood (Burda et al. 2016); the others of the pictures themselves, values in 0..1, peak 1"
)


def measured(
    saved_model: Path, period: int, source: Source, split: str, draws: int = Recipe.likelihood_draws
) -> Iterator[tuple[str, dict[str, float]]]:
    """Number and metrics of every picture of a part.

    Args:
        saved_model: an exported variational autoencoder.
        period: total factor of its up-samplers.
        source: where pictures come from.
        split: its part.
        draws: of the latent a picture.
    """
    model = tf.saved_model.load(str(saved_model))

    @tf.function
    def measure(image: tf.Tensor, positions: tf.Tensor) -> dict[str, tf.Tensor]:
        image = tf.cast(image, tf.float32) / 255.0
        elbo, estimate = _bounds(model, binarised(image, TEST_SEED, positions), positions, draws)
        output = model.serve(image)["image"]
        return {"elbo": elbo, "log_likelihood": estimate, **measures(image, output, period)}

    number = 0
    for batch in evaluation_batches(source.split(split), batch_size=max(1, TOGETHER // draws)):
        columns = {name: each.numpy() for name, each in measure(batch["image"], batch["position"]).items()}
        for place in np.flatnonzero(batch["mask"].numpy()):
            yield str(number), {name: float(each[place]) for name, each in columns.items()}
            number += 1


def _bounds(model: tf.Module, image: tf.Tensor, positions: tf.Tensor, draws: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The evidence lower bound and the importance-weighted one of binary pictures, `[batch]` each, in nats."""
    coded = model.encode(image)
    mean, log_variance = coded["latent"][:, None], coded["log_variance"][:, None]
    latents = int(mean.shape[-1])
    noise = tf.reshape(normals(stream_key(TEST_SEED, LATENTS), positions, draws * latents), (-1, draws, latents))
    drawn = mean + tf.exp(0.5 * log_variance) * noise
    output = model.decode(tf.reshape(drawn, (-1, latents)))["image"]
    chance = tf.clip_by_value(output, LEAST, 1.0 - LEAST)
    chance = tf.reshape(chance, (-1, draws, *image.shape[1:]))
    # A pixel is 0 or 1: the probability of what it is takes one logarithm.
    found = tf.where(image[:, None] > 0.5, chance, 1.0 - chance)
    likelihood = tf.reduce_sum(tf.math.log(found), axis=(2, 3, 4))
    prior_to_posterior = 0.5 * tf.reduce_sum(tf.square(noise) + log_variance - tf.square(drawn), axis=-1)
    elbo = tf.reduce_mean(likelihood, axis=1) - divergence(coded["latent"], coded["log_variance"])
    weights = likelihood + prior_to_posterior
    return elbo, tf.reduce_logsumexp(weights, axis=1) - tf.math.log(float(draws))
