"""Measure the distance of each picture of a batch from its target."""

import tensorflow as tf

PSNR_CEILING = 100.0
"""The PSNR of equal pictures in dB, which would be infinite."""

SSIM_WINDOW = 11
"""Side in pixels of the window of SSIM, and so the smallest height and width that it can measure."""


def mse(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error of each picture.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape; values outside 0..1 are clipped, as they are when a picture is shown.

    Returns:
        `[batch]` in 0..1.
    """
    difference = tf.clip_by_value(output, 0.0, 1.0) - target
    return tf.reduce_mean(tf.square(difference), axis=(1, 2, 3))


def psnr(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the peak signal-to-noise ratio of each picture in dB, peak 1; it is 100 for equal pictures.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape, clipped to 0..1.

    Returns:
        `[batch]`, at most 100. Average it over pictures; the PSNR of the average error is another number.
    """
    floor = 10.0 ** (-PSNR_CEILING / 10.0)
    error = tf.maximum(mse(target, output), tf.cast(floor, output.dtype))
    return -10.0 * tf.math.log(error) / tf.math.log(tf.cast(10.0, output.dtype))


def ssim(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Return the structural similarity of each picture (Wang et al. 2004: 11x11 Gaussian window of 1.5, peak 1).

    Args:
        target: `[batch, height, width, channels]` in 0..1, at least 11x11.
        output: the same shape, clipped to 0..1.

    Returns:
        `[batch]` in -1..1, the mean over channels; 1 for equal pictures.
    """
    return tf.image.ssim(target, tf.clip_by_value(output, 0.0, 1.0), max_val=1.0, filter_size=SSIM_WINDOW)
