"""Checkerboard: periodic patterns that an up-sampler adds at multiples of 1/r cycles a pixel.

A strided transposed convolution whose kernel does not divide evenly by its stride overlaps unevenly, and
leaves a pattern with the stride's period (Odena et al. 2016, "Deconvolution and checkerboard artifacts").
"""

import numpy as np
import tensorflow as tf


def excess_spectral_energy(target: tf.Tensor, output: tf.Tensor, scale: int) -> tf.Tensor:
    """Energy at the frequencies m/scale that the target does not have, as a share of the output's energy.

    In each picture's power spectrum without its mean, the bins whose vertical or horizontal frequency is
    m/scale cycles a pixel (m = 1 to scale - 1) are summed where the output exceeds the target.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape. Both are cropped to multiples of `scale`, so that m/scale falls on a bin.
        scale: period of the pattern in pixels, at least 2.

    Returns:
        `[batch]` in 0..1; 0 where nothing was added, 1 for a pure checkerboard.

    Raises:
        ValueError: `scale` is less than 2, or the pictures are smaller than it.
    """
    height, width = output.shape[1] // scale * scale, output.shape[2] // scale * scale
    if scale < 2 or not height or not width:
        raise ValueError(
            f"scale {scale} for pictures of {output.shape[1]}x{output.shape[2]}: it must be at least 2 and "
            "no larger than the picture"
        )
    rows = np.arange(height) * scale % height == 0
    columns = np.arange(width) * scale % width == 0
    rows[0] = columns[0] = False
    periodic = tf.constant(rows[:, None] | columns[None, :], output.dtype)

    added = tf.nn.relu(_power(output, height, width) - _power(target, height, width)) * periodic
    total = tf.reduce_sum(_power(output, height, width), axis=(1, 2, 3))
    return tf.math.divide_no_nan(tf.reduce_sum(added, axis=(1, 2, 3)), total)


def _power(pictures: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Power spectrum `[batch, channels, height, width]`, without the mean."""
    pictures = tf.transpose(pictures[:, :height, :width], (0, 3, 1, 2))
    pictures -= tf.reduce_mean(pictures, axis=(2, 3), keepdims=True)
    complex_type = tf.complex128 if pictures.dtype == tf.float64 else tf.complex64
    return tf.square(tf.abs(tf.signal.fft2d(tf.cast(pictures, complex_type))))
