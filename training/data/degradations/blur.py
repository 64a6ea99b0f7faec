"""Blur pictures with Gaussians of any shape and direction, another one for each picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def covariances(first: tf.Tensor, second: tf.Tensor, angle: tf.Tensor) -> tf.Tensor:
    """Return the covariances of Gaussians.

    Args:
        first: standard deviations along the first axis of each Gaussian in pixels, `[n]`.
        second: standard deviations across it, `[n]`.
        angle: of the first axis, from the direction of rows down to that of columns across, `[n]` in radians.

    Returns:
        `[n, 3]`: the variance along rows, the covariance, and the variance along columns.
    """
    import tensorflow as tf

    cosine, sine = tf.cos(angle), tf.sin(angle)
    along, across = first**2, second**2
    return tf.stack(
        [
            along * cosine**2 + across * sine**2,
            (along - across) * cosine * sine,
            along * sine**2 + across * cosine**2,
        ],
        axis=1,
    )


def blurred(images: tf.Tensor, covariance: tf.Tensor) -> tf.Tensor:
    """Return pictures blurred with Gaussians; beyond its edges a picture continues from the opposite edge.

    The product of spectra takes the same time for every Gaussian, and XLA compiles it.

    Args:
        images: float `[n, height, width]`, of known height and width.
        covariance: `[n, 3]` as `covariances` returns it, of the same type.
    """
    import tensorflow as tf

    height, width = images.shape[1:]
    rows = tf.constant(2 * math.pi * np.fft.fftfreq(height), images.dtype)[None, :, None]
    columns = tf.constant(2 * math.pi * np.fft.rfftfreq(width), images.dtype)[None, None, :]
    variance_down, mixed, variance_across = tf.unstack(covariance[:, :, None, None], axis=1)
    exponent = variance_down * rows**2 + 2 * mixed * rows * columns + variance_across * columns**2
    spectrum = tf.signal.rfft2d(images)
    transfer = tf.cast(tf.exp(-0.5 * exponent), spectrum.dtype)
    return tf.ensure_shape(tf.signal.irfft2d(spectrum * transfer, [height, width]), images.shape)
