"""Distances between pictures, one value a picture."""

import tensorflow as tf

PSNR_CEILING = 100.0
SSIM_WINDOW = 11


def mse(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Mean squared error of each picture.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape; values outside 0..1 are clipped, as showing the picture would.

    Returns:
        `[batch]`.
    """
    difference = tf.clip_by_value(output, 0.0, 1.0) - target
    return tf.reduce_mean(tf.square(difference), axis=(1, 2, 3))


def psnr(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Peak signal-to-noise ratio of each picture in dB, peak 1; equal pictures give 100.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape, clipped to 0..1.

    Returns:
        `[batch]`. Average it over pictures, rather than taking the PSNR of the average error.
    """
    floor = 10.0 ** (-PSNR_CEILING / 10.0)
    error = tf.maximum(mse(target, output), tf.cast(floor, output.dtype))
    return -10.0 * tf.math.log(error) / tf.math.log(tf.cast(10.0, output.dtype))


def ssim(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Structural similarity of each picture (Wang et al. 2004: 11x11 Gaussian window of 1.5, peak 1).

    Args:
        target: `[batch, height, width, channels]` in 0..1, at least 11x11.
        output: the same shape, clipped to 0..1.

    Returns:
        `[batch]`, the mean over channels.
    """
    return tf.image.ssim(target, tf.clip_by_value(output, 0.0, 1.0), max_val=1.0)
