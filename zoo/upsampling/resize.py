"""Up-sample by whole factors without weights, in the input's dtype and with gradients of any order.

TensorFlow's resize kernels are not used, because their gradients have no gradients, and the bilinear kernel returns
float32 for every dtype.
"""

from typing import Any

import tensorflow as tf

from zoo.upsampling.arguments import Pair
from zoo.upsampling.layouts import sizes


def nearest(x: Any, scale: Pair) -> Any:
    """Repeat every pixel of `[b, h, w, c]` rh x rw times."""
    rh, rw = scale
    # Columns are repeated first. Then whole rows are left to repeat, which are contiguous.
    return tf.repeat(tf.repeat(x, rw, axis=2), rh, axis=1)


def bilinear(x: Any, scale: Pair) -> Any:
    """Interpolate `[b, h, w, c]` linearly between pixel centres, edges repeated, as `tf.image.resize` does."""
    rh, rw = scale
    batch, height, width, channels = sizes(x)
    x = tf.concat(_phases(x, 2, rw), axis=3)
    x = tf.reshape(x, [batch, height, width * rw, channels])
    x = tf.concat(_phases(x, 1, rh), axis=2)
    return tf.reshape(x, [batch, height * rh, width * rw, channels])


def _phases(x: Any, axis: int, factor: int) -> list[Any]:
    """Return the values at the `factor` new places inside each pixel, between the pixel and its neighbours."""
    size = sizes(x)[axis]
    # tf.split is used because its gradient is a concatenation. The gradient of Python's slices is several times slower,
    # and tf.slice has no second gradient under XLA.
    first, tail = tf.split(x, [1, size - 1], axis)
    head, last = tf.split(x, [size - 1, 1], axis)
    before, after = tf.concat([first, head], axis), tf.concat([tail, last], axis)
    phases = []
    for place in range(factor):
        offset = (place + 0.5) / factor - 0.5
        neighbour = before if offset < 0 else after
        phases.append((1 - abs(offset)) * x + abs(offset) * neighbour)
    return phases
