"""Measure checkerboards: periodic patterns that an up-sampler adds at multiples of 1/r cycles per pixel.

A strided transposed convolution whose kernel does not divide evenly by its stride overlaps unevenly, and
leaves a pattern with the stride's period (Odena et al. 2016, "Deconvolution and checkerboard artifacts").
Three measures: energy at the pattern's frequencies, imbalance between the phases of the residual, and the
response to an input that is constant.
"""

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from zoo.metrics.spectrum import power_spectrum

if TYPE_CHECKING:
    import keras


def excess_spectral_energy(target: tf.Tensor, output: tf.Tensor, scale: int) -> tf.Tensor:
    """Return the energy at the frequencies m/scale that the target does not have, as a share of the output's energy.

    In each picture's power spectrum without its mean, the bins whose vertical or horizontal frequency is
    m/scale cycles per pixel (m = 1 to scale - 1) are summed where the output exceeds the target.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape. Both are cropped to multiples of `scale`, so that m/scale falls on a bin.
        scale: period of the pattern in pixels, at least 2.

    Returns:
        `[batch]` in 0..1; 0 if nothing was added, 1 for a pure checkerboard.

    Raises:
        ValueError: `scale` is less than 2, or the pictures are smaller than it.
    """
    height, width = _whole_periods(output, scale)
    periodic = _periodic(height, width, scale, output.dtype)
    added = tf.nn.relu(_power(output, height, width) - _power(target, height, width)) * periodic
    total = tf.reduce_sum(_power(output, height, width), axis=(1, 2, 3))
    return tf.math.divide_no_nan(tf.reduce_sum(added, axis=(1, 2, 3)), total)


def excess_spectral_energy_of_samples(reference: tf.Tensor, samples: tf.Tensor, scale: int) -> tf.Tensor:
    """Return the energy at the frequencies m/scale that samples have and the reference pictures do not.

    This is `excess_spectral_energy` for pictures without a target. It compares the mean power spectra of two sets,
    each as shares of its own energy.

    Args:
        reference: `[n, height, width, channels]` in 0..1, such as pictures of the data set.
        samples: `[m, height, width, channels]`.
        scale: period of the pattern in pixels, at least 2.

    Returns:
        A scalar in 0..1.

    Raises:
        ValueError: `scale` is less than 2, or the pictures are smaller than it.
    """
    height, width = _whole_periods(samples, scale)

    def shares(pictures: tf.Tensor) -> tf.Tensor:
        power = tf.reduce_mean(_power(pictures, height, width), 0)
        return tf.math.divide_no_nan(power, tf.reduce_sum(power))

    added = tf.nn.relu(shares(samples) - shares(reference))
    return tf.reduce_sum(added * _periodic(height, width, scale, samples.dtype))


def phase_imbalance(target: tf.Tensor, output: tf.Tensor, scale: int) -> tf.Tensor:
    """Return how much the scale*scale phases of the residual differ in their means.

    The mean over one period around each pixel is subtracted from the residual, which is then averaged over all pixels
    of each phase. A periodic pattern stays, slopes vanish, and everything else averages out; its remaining variance is
    estimated from its scatter and subtracted, so that noise and blur have no imbalance.

    Args:
        target: `[batch, height, width, channels]` in 0..1, or zeros if there is no target: the content of pictures
            is not periodic and averages out too.
        output: the same shape.
        scale: period of the pattern in pixels, at least 2.

    Returns:
        `[batch]`, the root mean square of the pattern in the units of the pictures; 0 if there is none.

    Raises:
        ValueError: `scale` is less than 2, or the pictures without their border hold fewer than two periods.
    """
    residual = output - target
    _whole_periods(residual, scale)
    residual = _less_local_mean(residual, scale)
    rows, columns = residual.shape[1] // scale, residual.shape[2] // scale
    if rows * columns < 2:
        raise ValueError(
            f"pictures of {output.shape[1]}x{output.shape[2]} hold fewer than two periods of {scale}x{scale} without a "
            f"border of {scale // 2}"
        )
    channels = residual.shape[-1]
    blocks = residual[:, : rows * scale, : columns * scale]
    blocks = tf.transpose(tf.reshape(blocks, (-1, rows, scale, columns, scale, channels)), (0, 1, 3, 2, 4, 5))
    blocks = tf.reshape(blocks, (-1, rows * columns, scale * scale, channels))
    means = tf.reduce_mean(blocks, axis=1, keepdims=True)
    count = tf.cast(rows * columns, blocks.dtype)
    chance = tf.reduce_sum(tf.square(blocks - means), axis=1) / (count * (count - 1.0))
    return tf.sqrt(tf.nn.relu(tf.reduce_mean(tf.square(means[:, 0]) - chance, axis=(1, 2))))


def _less_local_mean(pictures: tf.Tensor, scale: int) -> tf.Tensor:
    """Subtract the mean over one period around each pixel, and crop the border of scale // 2 pixels."""
    border = scale // 2
    weights = np.ones(2 * border + 1)
    if scale % 2 == 0:
        # An even period has no middle pixel, so the pixels at both ends count half.
        weights[[0, -1]] = 0.5
    weights /= scale
    mean = pictures
    for axis in (1, 2):
        size = pictures.shape[axis] - 2 * border
        mean = tf.add_n(
            [
                tf.cast(weight, pictures.dtype) * tf.gather(mean, tf.range(shift, shift + size), axis=axis)
                for shift, weight in enumerate(weights)
            ]
        )
    return pictures[:, border : border + mean.shape[1], border : border + mean.shape[2]] - mean


def constant_response(network: "keras.Model", features: np.ndarray, scale: int) -> float:
    """Return the size of the pattern that a network outputs for features that are the same everywhere.

    Args:
        network: maps features `[batch, rows, columns, channels]` to pictures `[batch, height, width, channels]` by
            convolutions and up-sampling alone.
        features: `[channels]`, repeated at every place of the network's input; at 16 x 16 places if the size is open.
        scale: total factor of its up-samplers.

    Returns:
        The standard deviation of the middle scale x scale pixels of the output, mean over channels, in the units of
        the output. There should be no pattern, but far from the borders any weights repeat with that period.

    Raises:
        ValueError: `scale` is less than 2.
    """
    rows, columns = (size or 16 for size in network.input_shape[1:3])
    image = tf.broadcast_to(tf.constant(features), (1, rows, columns, len(features)))
    output = tf.convert_to_tensor(network(image, training=False))
    height, width = _whole_periods(output, scale)
    top, left = (height // scale // 2 * scale, width // scale // 2 * scale)
    period = tf.cast(output, tf.float64)[0, top : top + scale, left : left + scale]
    return float(tf.reduce_mean(tf.math.reduce_std(period, axis=(0, 1))))


def _whole_periods(pictures: tf.Tensor, scale: int) -> tuple[int, int]:
    """Return height and width, cropped to multiples of the scale."""
    height, width = pictures.shape[1] // scale * scale, pictures.shape[2] // scale * scale
    if scale < 2 or not height or not width:
        raise ValueError(
            f"scale {scale} for pictures of {pictures.shape[1]}x{pictures.shape[2]}: it must be at least 2 and "
            "no larger than the picture"
        )
    return height, width


def _periodic(height: int, width: int, scale: int, dtype: tf.DType) -> tf.Tensor:
    """Return `[height, width]`: 1 at the bins whose vertical or horizontal frequency is m/scale, 0 elsewhere."""
    rows = np.arange(height) * scale % height == 0
    columns = np.arange(width) * scale % width == 0
    rows[0] = columns[0] = False
    return tf.constant(rows[:, None] | columns[None, :], dtype)


def _power(pictures: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Return the power spectrum `[batch, channels, height, width]` of cropped pictures without their means."""
    return power_spectrum(pictures[:, :height, :width], without_mean=True)
