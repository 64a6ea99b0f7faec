"""Find where a graph repeats the rows and columns of pictures with `tf.repeat`."""

import re

import tensorflow as tf

_REPEAT = re.compile(r"(?:^|/)Repeat(?:_\d+)?/Reshape[^/]*$")


def repeated(operation: tf.Operation) -> tuple[tf.Tensor, tuple[int, int]] | None:
    """Return the pictures `[b, h, w, c]` that an operation repeats, and how often rows and columns.

    `tf.repeat` expands a dimension, tiles it and reshapes. Tiles of five dimensions keep accelerators out, and LiteRT
    has none in whole numbers of 16 bits.

    Args:
        operation: perhaps the last of a repetition of rows, of columns, or of one after the other.

    Returns:
        None if it is no such operation.
    """
    last = _along_one_axis(operation)
    if last is None:
        return None
    image, factors = last
    before = _along_one_axis(image.op)
    if before is None:
        return last
    return before[0], (before[1][0] * factors[0], before[1][1] * factors[1])


def _along_one_axis(operation: tf.Operation) -> tuple[tf.Tensor, tuple[int, int]] | None:
    if operation.type != "Reshape" or not _REPEAT.search(operation.name) or operation.outputs[0].shape.rank != 4:
        return None
    tile = operation.inputs[0].op
    if tile.type != "Tile" or tile.inputs[0].op.type != "ExpandDims":
        return None
    expansion = tile.inputs[0].op
    image, axis = expansion.inputs[0], tf.get_static_value(expansion.inputs[1])
    multiples = _constants(tile.inputs[1])
    if image.shape.rank != 4 or axis not in (2, 3) or multiples is None or len(multiples) != 5:
        return None
    factor = multiples.pop(axis)
    if multiples != [1, 1, 1, 1]:
        return None
    return image, (factor, 1) if axis == 2 else (1, factor)


def _constants(vector: tf.Tensor) -> list[int] | None:
    """Return the numbers that a vector is packed of, or None if one is computed."""
    parts = vector.op.inputs if vector.op.type == "Pack" else [vector]
    numbers: list[int] = []
    for part in parts:
        # `tf.repeat` reshapes its factor to a scalar.
        value = tf.get_static_value(part.op.inputs[0] if part.op.type == "Reshape" else part)
        if value is None:
            return None
        numbers += value.reshape(-1).tolist()
    return numbers
