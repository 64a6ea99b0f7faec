"""Moving image tensors between memory layouts, and naming their sizes."""

from typing import Any

import tensorflow as tf


def to_channels_last(x: Any, data_format: str) -> Any:
    """`[b, h, w, c]` of a tensor in `data_format`."""
    return tf.transpose(x, [0, 2, 3, 1]) if data_format == "channels_first" else x


def from_channels_last(x: Any, data_format: str) -> Any:
    """A tensor `[b, h, w, c]` in `data_format`."""
    return tf.transpose(x, [0, 3, 1, 2]) if data_format == "channels_first" else x


def sizes(x: Any) -> list[Any]:
    """Every size of a tensor: an integer where it is known, else a scalar tensor."""
    static = x.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(static)]
