"""Move image tensors between memory layouts, and return their sizes."""

from typing import Any

import tensorflow as tf


def to_channels_last(x: Any, data_format: str) -> Any:
    """Return a tensor in `data_format` as `[b, h, w, c]`."""
    return tf.transpose(x, [0, 2, 3, 1]) if data_format == "channels_first" else x


def from_channels_last(x: Any, data_format: str) -> Any:
    """Return a tensor `[b, h, w, c]` in `data_format`."""
    return tf.transpose(x, [0, 3, 1, 2]) if data_format == "channels_first" else x


def sizes(x: Any) -> list[Any]:
    """Return every size of a tensor: an integer if it is known, otherwise a scalar tensor."""
    static = x.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(static)]
