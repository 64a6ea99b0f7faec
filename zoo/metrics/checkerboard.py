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
    size, periodic = _periodic_bins(output, scale)
    return _excess(_power(target, *size), _power(output, *size), periodic)


def excess_energy_of_set(target: tf.Tensor, output: tf.Tensor, scale: int) -> tf.Tensor:
    """The same of two sets of pictures, which have no pairs and need not be equally many.

    Each set's mean spectrum is taken as shares of its energy, so that a difference in contrast is not counted.

    Args:
        target: `[pictures, height, width, channels]` in 0..1, of the data.
        output: `[samples, height, width, channels]`.
        scale: period of the pattern in pixels, at least 2.

    Returns:
        A number in 0..1.

    Raises:
        ValueError: `scale` is less than 2, or the pictures are smaller than it.
    """
    size, periodic = _periodic_bins(output, scale)
    spectra = [tf.reduce_mean(_power(pictures, *size), axis=0, keepdims=True) for pictures in (target, output)]
    data, samples = (tf.math.divide_no_nan(spectrum, tf.reduce_sum(spectrum)) for spectrum in spectra)
    return _excess(data, samples, periodic)[0]


def _periodic_bins(pictures: tf.Tensor, scale: int) -> tuple[tuple[int, int], tf.Tensor]:
    """The largest height and width with a bin at every m/scale, and 1 at those bins, 0 elsewhere."""
    height, width = pictures.shape[1] // scale * scale, pictures.shape[2] // scale * scale
    if scale < 2 or not height or not width:
        raise ValueError(
            f"scale {scale} for pictures of {pictures.shape[1]}x{pictures.shape[2]}: it must be at least 2 and "
            "no larger than the picture"
        )
    rows = np.arange(height) * scale % height == 0
    columns = np.arange(width) * scale % width == 0
    rows[0] = columns[0] = False
    return (height, width), tf.constant(rows[:, None] | columns[None, :], pictures.dtype)


def _excess(target: tf.Tensor, output: tf.Tensor, periodic: tf.Tensor) -> tf.Tensor:
    added = tf.reduce_sum(tf.nn.relu(output - target) * periodic, axis=(1, 2, 3))
    return tf.math.divide_no_nan(added, tf.reduce_sum(output, axis=(1, 2, 3)))


def _power(pictures: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Power spectrum `[batch, channels, height, width]`, without the mean."""
    pictures = tf.transpose(pictures[:, :height, :width], (0, 3, 1, 2))
    pictures -= tf.reduce_mean(pictures, axis=(2, 3), keepdims=True)
    complex_type = tf.complex128 if pictures.dtype == tf.float64 else tf.complex64
    return tf.square(tf.abs(tf.signal.fft2d(tf.cast(pictures, complex_type))))
