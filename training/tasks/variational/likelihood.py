"""Probabilities of binary pictures, and the divergence of a latent Gaussian from the prior."""

import math

import tensorflow as tf

from training.data.random_streams import Stream, stream_key, uniforms


def binarised(image: tf.Tensor, seed: int, positions: tf.Tensor) -> tf.Tensor:
    """Return Bernoulli draws whose means are the values of pictures; they depend on the seed and each position alone.

    Args:
        image: `[batch, height, width, channels]` in 0..1.
        seed: of the draws.
        positions: int64 `[batch]`, a different number for each picture.

    Returns:
        Zeros and ones in the shape and type of `image`.
    """
    thresholds = uniforms(stream_key(seed, Stream.BINARISATION), positions, math.prod(image.shape[1:]))
    thresholds = tf.reshape(tf.cast(thresholds, image.dtype), tf.shape(image))
    return tf.cast(thresholds < image, image.dtype)


def divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Return the Kullback-Leibler divergence of each diagonal Gaussian from the standard normal, in nats.

    Args:
        mean: `[batch, latent]`.
        log_variance: `[batch, latent]`.

    Returns:
        `[batch]`.

    Reference:
        Kingma and Welling, 2014, appendix B, https://arxiv.org/abs/1312.6114
    """
    return 0.5 * tf.reduce_sum(tf.exp(log_variance) + tf.square(mean) - 1.0 - log_variance, axis=-1)


def log_likelihood(target: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the log-probability of each binary picture under independent Bernoulli values, in nats.

    Args:
        target: `[batch, height, width, channels]`, 0 or 1.
        logits: the same shape.

    Returns:
        `[batch]`.
    """
    return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, logits), axis=(1, 2, 3))
