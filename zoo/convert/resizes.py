"""Find convolutions after nearest-neighbour up-sampling."""

import contextlib
import math
from typing import Any

import numpy as np
from keras import layers, ops

from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.patterns import Match, check_plain
from zoo.convert.pointwise import CannotConvertError, commutes_with_enlarging
from zoo.convert.reasons import check_kernel
from zoo.convert.trials import trial_numbers
from zoo.upsampling import ResizeConv2D, resize_to_transpose
from zoo.upsampling.arguments import Pair
from zoo.upsampling.frames import Sides

# Keras's own operations that resize, by the names of their classes.
_RESIZES = ("Resize", "Resizing", "UpSampling2D")


def resized(reading: Reading, graph: Graph, call: Call) -> Match | None:
    """Match a ResizeConv2D, or an up-sampling with the Conv2D after it; None for any other call.

    Between the up-sampling and the convolution may be other up-samplings, and operations that commute with them. Zeros
    that a ZeroPadding2D puts around the enlarged picture become part of the match.

    Raises:
        CannotConvertError: the call enlarges in another way, or no such convolution follows.
    """
    layer = call.operation
    if type(layer) is ResizeConv2D:
        if max(layer.scale) == 1:
            return None
        if layer.interpolation != "nearest":
            raise CannotConvertError(_not_nearest(layer.interpolation))
        check_plain(layer, layer.data_format)
        return _match([layer], layer.scale, layer.padding)
    found = _factors(reading, call)
    return _followed(reading, graph, call, *found) if found else None


def _followed(reading: Reading, graph: Graph, call: Call, scale: Pair, data_format: str) -> Match:
    operations, padding = [call.operation], None
    while True:
        follower = graph.only_consumer(call.outputs[0])
        if follower is None:
            raise CannotConvertError(f"what {call.operation.name} makes is used elsewhere too, or is an output")
        layer = follower.operation
        if call.operation is operations[-1]:
            _check_dtype(call, layer)
        if type(layer) is layers.Conv2D:
            break
        more = None if padding else _factors(reading, follower)
        if more and more[1] == data_format:
            scale = scale[0] * more[0][0], scale[1] * more[0][1]
            operations.append(layer)
        elif type(layer) is layers.ZeroPadding2D and layer.data_format == data_format and not padding:
            padding = layer.padding
            operations.append(layer)
        elif padding or not commutes_with_enlarging(follower, data_format):
            raise CannotConvertError(
                f"what follows is {layer.name}, a {type(layer).__name__}, not a Conv2D with or without operations "
                "that are known to commute with up-sampling"
            )
        call = follower
    operations.append(layer)
    for operation in operations:
        if reading.uses[id(operation)] != 1:
            raise CannotConvertError(f"{operation.name} is called several times")
    check_plain(layer, data_format)
    if padding and layer.padding == "same":
        raise CannotConvertError(f"{layer.name} pads again what is padded already")
    return _match(operations, scale, padding or layer.padding)


def _check_dtype(removed: Call, next_one: Any) -> None:
    """Raise CannotConvertError if what follows would compute in another dtype without a call."""
    dtype = removed.outputs[0].dtype
    casts = isinstance(next_one, layers.Layer) and next_one.compute_dtype == dtype
    if removed.inputs[0].dtype != dtype and not casts:
        raise CannotConvertError(f"{removed.operation.name} changes the dtype")


def _match(operations: list[Any], scale: Pair, padding: str | Sides) -> Match:
    main = operations[-1]
    check_kernel(main)
    try:
        kernel = resize_to_transpose(np.asarray(main.kernel), scale, padding)
    except ValueError as error:
        raise CannotConvertError(str(error)) from error
    bias = np.asarray(main.bias) if main.use_bias else None
    return Match(tuple(operations), main, kernel, scale, bias, after_enlarging=True)


def _factors(reading: Reading, call: Call) -> tuple[Pair, str] | None:
    """Return the factors and the data format of nearest-neighbour up-sampling; None for any other call.

    Any layer, Lambda or operation but Keras's own layer is tried on numbers: it must repeat each of them.

    Raises:
        CannotConvertError: the call is one of Keras's own that enlarge, but not by repeating pixels.
    """
    layer = call.operation
    if type(layer) is layers.UpSampling2D and layer.interpolation == "nearest":
        return (tuple(layer.size), layer.data_format) if max(layer.size) > 1 else None
    shapes = [x.shape for x in (*call.inputs, *call.outputs)]
    known = [len(shape) for shape in shapes] == [4, 4] and all(None not in shape for shape in shapes)
    if not known or not call.plain or getattr(layer, "variables", []):
        return None
    small, large = shapes
    if math.prod(large) <= math.prod(small):
        return None
    for data_format, rows, channels in (("channels_last", 1, 3), ("channels_first", 2, 1)):
        (rh, rest_h), (rw, rest_w) = (divmod(large[axis], small[axis]) for axis in (rows, rows + 1))
        alike = small[0] == large[0] and small[channels] == large[channels] and not rest_h and not rest_w
        if alike and _repeats(call, small, (rh, rw), rows):
            _check_every_size(reading, call, (rh, rw), rows)
            return (rh, rw), data_format
    if type(layer).__module__.startswith("keras.") and type(layer).__name__ in _RESIZES:
        raise CannotConvertError(_not_nearest(layer.interpolation))
    return None


def _not_nearest(interpolation: str) -> str:
    if interpolation == "nearest":
        return "it does not enlarge by whole factors"
    return f"its interpolation is {interpolation}; with a convolution, only nearest-neighbour makes one convolution"


def _repeats(call: Call, shape: tuple[int, ...], scale: Pair, rows: int) -> bool:
    for numbers in trial_numbers(shape):
        repeated = np.repeat(np.repeat(numbers, scale[0], rows), scale[1], rows + 1)
        if not np.array_equal(call.operation(ops.cast(numbers, call.inputs[0].dtype)), repeated):
            return False
    return True


def _check_every_size(reading: Reading, call: Call, scale: Pair, rows: int) -> None:
    """Raise CannotConvertError if the factors depend on a size of the input that the model leaves open."""
    outermost = next(iter(reading.graphs.values())).model
    if all(None not in x.shape[1:] for x in outermost.inputs) and len(reading.calls[id(call.operation)]) == 1:
        return
    shape = list(call.inputs[0].shape)
    shape[rows], shape[rows + 1] = shape[rows] + 1, shape[rows + 1] + 2
    repeats = False
    # Code that takes one size only may raise anything.
    with contextlib.suppress(Exception):
        repeats = _repeats(call, tuple(shape), scale, rows)
    if not repeats:
        raise CannotConvertError("it enlarges to a fixed size, so that its factors depend on the input's size")
