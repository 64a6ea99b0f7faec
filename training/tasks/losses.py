"""Losses between pictures, one value per picture of a batch."""

import keras
import tensorflow as tf

_CHARBONNIER = 1e-3


def binary_crossentropy(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the Bernoulli negative log-likelihood of each picture, mean over its values, in nats.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape, probabilities.

    Returns:
        `[batch]`.
    """
    return tf.reduce_mean(keras.losses.binary_crossentropy(target, output), axis=(1, 2))


def mean_squared_error(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of each picture, `[batch]`."""
    return tf.reduce_mean(tf.square(target - output), axis=(1, 2, 3))


def log_mean_squared_error(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the logarithm of each picture's mean squared error, `[batch]`: PSNR up to a factor and a constant."""
    return tf.math.log(mean_squared_error(target, output) + 1e-6)


def mean_absolute_error(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute error of each picture, `[batch]`."""
    return tf.reduce_mean(tf.abs(target - output), axis=(1, 2, 3))


def charbonnier(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the mean of sqrt(difference^2 + 0.001^2) of each picture, `[batch]`: a smooth absolute error.

    Reference:
        Charbonnier et al. 1994
    """
    return tf.reduce_mean(tf.sqrt(tf.square(target - output) + _CHARBONNIER**2), axis=(1, 2, 3))


def global_mean(values: tf.Tensor, batch: int) -> tf.Tensor:
    """Return this replica's share of the mean of values over a global batch."""
    return tf.reduce_sum(values) / tf.cast(batch, values.dtype)
