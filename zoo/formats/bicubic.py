"""Enlarge bicubically with operations that every runtime has."""

import numpy as np
import tensorflow as tf

from zoo.arrays import Array
from zoo.imaging.bicubic import phase_weights


def enlarge_by_convolution(image: tf.Tensor, scale: int) -> tf.Tensor:
    """Enlarge pictures bicubically with a convolution and the periodic shuffle; few runtimes have `ResizeBicubic`.

    In TensorFlow on a CPU it takes a little longer than `zoo.imaging.enlarge`, and oneDNN rounds its sums in tiles of
    some widths otherwise than in the whole picture, so it is for other runtimes only.

    Args:
        image: float32 `[batch, height, width, channels]`.
        scale: int factor.

    Returns:
        float32 `[batch, scale * height, scale * width, channels]`, equal to `zoo.imaging.enlarge` up to rounding.
    """
    channels = image.shape[-1]
    weights = _weights(scale)
    # The shuffle takes the phases first and then the channels; an enlarged channel depends on itself only.
    kernel = np.einsum("ia,jb,cd->ijcabd", weights, weights, np.eye(channels)).reshape(5, 5, channels, -1)
    phases = tf.nn.conv2d(image, kernel.astype(np.float32), 1, "SAME")
    height, width = tf.unstack(tf.shape(image)[1:3])
    static_height, static_width = image.shape[1:3]
    rows = _at_borders(weights, static_height or height)[:, None]
    return tf.nn.depth_to_space(phases, scale) * rows * _at_borders(weights, static_width or width)


def _at_borders(weights: Array, size: int | tf.Tensor) -> tf.Tensor:
    """Return what to multiply enlarged pixels along an axis by, because pixels outside a picture have no weight.

    Args:
        weights: of `_weights`.
        size: of the picture before it is enlarged.

    Returns:
        float32 `[scale * size, 1]`: 1 divided by the sum of the weights that lie inside the picture.
    """
    sums = [[weights[2 - before : 3 + after].sum(0) for after in range(3)] for before in range(3)]
    table = (1 / np.array(sums)).astype(np.float32).reshape(9, -1)
    if isinstance(size, int):
        places = np.arange(size)
        return tf.constant(table[3 * np.minimum(places, 2) + np.minimum(size - 1 - places, 2)].reshape(-1, 1))
    places = tf.range(size)
    values = tf.gather(table, 3 * tf.minimum(places, 2) + tf.minimum(size - 1 - places, 2))
    return tf.reshape(values, [-1, 1])


def _weights(scale: int) -> Array:
    """Return the weights `[5, scale]` of a pixel's neighbours, from two before it to two after it, in each phase."""
    weights = np.zeros((5, scale))
    for phase in range(scale):
        first, table = phase_weights(phase, scale)
        taps = table[-1].astype(np.float64)
        weights[2 + first : 6 + first, phase] = taps / taps.sum()
    return weights
