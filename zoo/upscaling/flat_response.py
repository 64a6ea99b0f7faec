"""Remove a luma network's response to flat pictures, so that what is flat stays flat."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# The response is measured at these levels of 255 and interpolated linearly between them. Most lie in the range of luma.
# They make 16 ramps, a number of channels that convolutions are fast with.
_LEVELS = (0.0, *np.linspace(16.0, 235.0, 15), 255.0)


class FlatResponse:
    """Hold how much a network's output for a flat picture differs from that picture, by grey value and phase.

    A network that was trained on photographs returns a flat picture a little too bright or too dark, and not equally so
    at the r * r places that a pixel becomes, which is a faint checkerboard. The difference depends on the grey value
    only. It is measured once for some values and interpolated linearly: a sum of ramps that begin at these values,
    which is a layer of rectified units and a 1x1 convolution.

    Args:
        model: takes and returns luma.
        scale: factor of the network.
        halo: number of pixels on each side of a pixel that its enlargement depends on.

    Attributes:
        largest: the largest difference in the range of luma.
    """

    def __init__(self, model: "keras.Model", scale: int, halo: int) -> None:
        levels = np.array(_LEVELS, np.float32) / np.float32(255)
        size = 2 * halo + 1
        flat = np.broadcast_to(levels[:, None, None, None], (len(levels), size, size, 1))
        middle = slice(halo * scale, (halo + 1) * scale)
        output = np.asarray(model(flat, training=False), np.float64)[:, middle, middle, 0]
        differences = (output - levels[:, None, None]).reshape(len(levels), -1)
        slopes = np.diff(differences, axis=0) / np.diff(levels.astype(np.float64))[:, None]
        self.largest = float(np.max(np.abs(differences[1:-1])))
        self._scale = scale
        self._starts = levels[:-1]
        self._changes = np.diff(slopes, axis=0, prepend=0.0).astype(np.float32)
        self._first = differences[0].astype(np.float32)

    def __call__(self, image: "tf.Tensor") -> "tf.Tensor":
        """Return what to subtract from the network's output `[b, scale * h, scale * w, 1]` for luma `[b, h, w, 1]`."""
        import tensorflow as tf

        from zoo.upsampling import periodic_shuffle

        # TensorFlow runs a convolution with its bias and its activation in one pass over memory.
        ones = np.ones((1, 1, 1, len(self._starts)), np.float32)
        ramps = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(image, ones, 1, "VALID"), -self._starts))
        phases = tf.nn.bias_add(tf.nn.conv2d(ramps, self._changes[None, None], 1, "VALID"), self._first)
        return periodic_shuffle(phases, self._scale, "channels_last")
