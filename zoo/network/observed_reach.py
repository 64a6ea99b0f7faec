"""Find by trying which input pixels an operation's output depends on, where nothing states it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.arrays import Array, Reach

if TYPE_CHECKING:
    import keras

# Side of the random pictures. An operation that reaches farther than a third of it counts as one that sees everything.
_SIDE = 48
_FARTHEST = _SIDE // 3
# Pixels that are changed, one at a time: different places show what depends on the place, such as strides.
_CHANGED = (22, 23, 24, 25)
# Relative to the largest value. Sums are rounded differently in pictures of other sizes.
_ROUNDING = 1e-4


def observed_reach(
    operation: Any, taken: "Sequence[keras.KerasTensor]", made: "keras.KerasTensor"
) -> tuple[Reach, Reach]:
    """Return the reach of one call of an operation along rows and along columns, as `zoo.arrays.Reach` defines it.

    Random feature maps are passed through the operation. Then a row, or a column, of them is changed, and the places
    whose output changes show the reach. Only what random numbers show is found.

    Args:
        operation: a layer or another Keras operation in a functional model.
        taken: the tensors that it is called with, `[batch, height, width, channels]`.
        made: the tensor that it returns.

    Raises:
        ValueError: the output depends on the whole picture, or does not have the size of the input times an integer.
    """
    import keras

    call = keras.Model(taken[0] if len(taken) == 1 else list(taken), made)
    rows, columns = (_along(operation, call, axis) for axis in (1, 2))
    return rows, columns


def windows_agree(model: "keras.Model", scale: int, halo: int) -> bool:
    """Return whether a window of a random picture is enlarged as in the whole picture, except for rounding.

    Args:
        model: on pictures of any size.
        scale: its factor.
        halo: number of pixels on each side of a pixel that its enlargement depends on, as far as is known.
    """
    inner, start = 9, 7
    side = start + 2 * halo + inner + 5
    picture = np.random.default_rng(0).random((1, side, side, model.input_shape[-1]), np.float32)
    whole = _output(model, [picture])
    window = slice(start, start + 2 * halo + inner)
    part = _output(model, [picture[:, window, window]])
    of_part = slice(halo * scale, (halo + inner) * scale)
    of_whole = slice((start + halo) * scale, (start + halo + inner) * scale)
    difference = np.abs(part[:, of_part, of_part] - whole[:, of_whole, of_whole])
    return bool(np.max(difference) <= _ROUNDING * max(float(np.max(np.abs(whole))), 1e-30))


def _along(operation: Any, call: "keras.Model", axis: int) -> Reach:
    draw = np.random.default_rng(axis)
    inputs = [draw.random(_shape(operation, x), np.float32) for x in call.inputs]
    output = _output(call, inputs)
    if output.ndim != 4 or not output.shape[axis] or output.shape[axis] % _SIDE:
        raise ValueError(
            f"{operation.name}, a {type(operation).__name__}, turns {_SIDE} pixels into {output.shape[1:-1]}; only "
            "networks that keep or multiply the size run in tiles"
        )
    factor = output.shape[axis] // _SIDE
    before = after = 0
    for place in _CHANGED:
        changed = [x.copy() for x in inputs]
        for x in changed:
            line = x.take(place, axis)
            x[(slice(None),) * axis + (place,)] = draw.random(line.shape, np.float32)
        others = tuple(each for each in range(4) if each != axis)
        touched = np.flatnonzero((_output(call, changed) != output).any(others)) // factor - place
        if touched.size:
            before, after = max(before, int(touched.max())), max(after, int(-touched.min()))
    if max(before, after) > _FARTHEST:
        raise ValueError(
            f"{operation.name}, a {type(operation).__name__}, depends on the whole picture, so that tiles would differ"
        )
    return factor, -factor * before, factor * after


def _shape(operation: Any, tensor: "keras.KerasTensor") -> tuple[int, ...]:
    if len(tensor.shape) != 4 or tensor.shape[-1] is None:
        raise ValueError(
            f"{operation.name}, a {type(operation).__name__}, takes {tensor.shape}; only feature maps (None, height, "
            "width, channels) are cut into tiles"
        )
    return (1, _SIDE, _SIDE, tensor.shape[-1])


def _output(call: "keras.Model", inputs: Sequence[Array]) -> Array:
    return np.asarray(call(inputs[0] if len(inputs) == 1 else list(inputs), training=False))
