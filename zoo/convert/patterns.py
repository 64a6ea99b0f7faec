"""Find calls that together are a sub-pixel convolution: with padding and crop around it, or written by hand."""

import contextlib
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import layers, ops

from zoo.arrays import Array
from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.layer_twins import (
    POINTWISE_OPERATIONS,
    CannotConvertError,
    check_activation,
    differs_by_phase,
    is_pointwise,
)
from zoo.convert.reasons import check_kernel
from zoo.upsampling import SubpixelConv2D, periodic_shuffle, subpixel_to_transpose
from zoo.upsampling.arguments import Pair
from zoo.upsampling.equivalence import TransposeKernel
from zoo.upsampling.frames import NOTHING, SubpixelFrame

# A layer with a larger factor is not taken for a shuffle, because trying it could need much memory.
_LARGEST_SCALE = 16


def shuffle_of(call: Call) -> tuple[Pair, str] | None:
    """Return scale and data format of a call that does what `tf.nn.depth_to_space` does; None for any other call.

    The layer, Lambda or operation is tried on numbers: it must move each number to the place to which the shuffle
    moves it.

    Raises:
        CannotConvertError: the call may be a shuffle, but the sizes to try it on are not known.
    """
    sizes = [x.shape for x in (*call.inputs, *call.outputs)]
    if not call.plain or [len(shape) for shape in sizes] != [4, 4] or getattr(call.operation, "variables", []):
        return None
    (batch, *small), (out_batch, *large) = sizes
    if None in (*sizes[0], *sizes[1]):
        if any(small[axis] and large[axis] and small[axis] > large[axis] for axis in (0, 2)):
            raise CannotConvertError("the sizes that it is called on are not known")
        return None
    for data_format, (vertical, horizontal, channels) in (("channels_last", (0, 1, 2)), ("channels_first", (1, 2, 0))):
        rh, rest_h = divmod(large[vertical], small[vertical])
        rw, rest_w = divmod(large[horizontal], small[horizontal])
        is_scale = not rest_h and not rest_w and 1 < rh * rw <= _LARGEST_SCALE**2 and batch == out_batch
        if is_scale and small[channels] == large[channels] * rh * rw:
            draw = np.random.default_rng(0)
            numbers = draw.permutation(int(np.prod(sizes[0]))).reshape(sizes[0]) - 7.0
            # The numbers are split in two parts that 16-bit floats represent exactly.
            parts = [ops.cast(part, call.inputs[0].dtype) for part in (numbers % 256 - 99.0, numbers // 256)]
            if all(
                np.array_equal(call.operation(part), periodic_shuffle(part, (rh, rw), data_format)) for part in parts
            ):
                return (rh, rw), data_format
    return None


@dataclass(frozen=True)
class Match:
    """Hold calls that together are a sub-pixel convolution.

    Attributes:
        operations: the operations to replace, in the order of their calls; pointwise activations between them stay.
        main: the layer of `operations` that holds the kernel.
        kernel: the kernel of the equal transposed convolution, with its frame.
        scale: of the shuffle.
        phase_bias: whether the bias of `main` has an entry for each phase.
    """

    operations: tuple[Any, ...]
    main: layers.Layer
    kernel: TransposeKernel
    scale: Pair
    phase_bias: bool


def hand_written(reading: Reading, graph: Graph, shuffle: Call, scale: Pair, data_format: str) -> Match:
    """Match a Conv2D and a shuffle with only pointwise activations between them.

    Raises:
        CannotConvertError: there is no such convolution before the shuffle.
    """
    layer = _convolution_before(reading, graph, shuffle)
    for name, plain in {"strides": (1, 1), "dilation_rate": (1, 1), "groups": 1, "data_format": data_format}.items():
        value = getattr(layer, name)
        if value != plain:
            raise CannotConvertError(f"{layer.name} has {name}={value}")
    check_activation(layer)
    if not is_pointwise(layer.activation):
        raise CannotConvertError(f"the activation of {layer.name} is not known to be pointwise")
    frame = SubpixelFrame("same" if layer.padding == "same" else NOTHING)
    kernel = least_transpose(np.asarray(layer.kernel), scale, frame)
    return Match((layer, shuffle.operation), layer, kernel, scale, phase_bias=True)


def _convolution_before(reading: Reading, graph: Graph, shuffle: Call) -> layers.Conv2D:
    call = shuffle
    while call is shuffle or _is_pointwise_call(call):
        producer = graph.producer(call.inputs[0])
        if reading.uses[id(call.operation)] != 1:
            raise CannotConvertError(f"{call.operation.name} is called several times")
        if producer is None or graph.only_consumer(call.inputs[0]) is None:
            raise CannotConvertError(f"what {call.operation.name} takes is used elsewhere too, or is an input")
        if producer.outputs[0].dtype != shuffle.outputs[0].dtype:
            raise CannotConvertError(f"{call.operation.name} changes the dtype")
        call = producer
    layer = call.operation
    if type(layer) is not layers.Conv2D:
        raise CannotConvertError(
            f"its input comes from {layer.name}, a {type(layer).__name__}, not from a Conv2D with or without "
            "pointwise activations"
        )
    check_kernel(layer)
    if reading.uses[id(layer)] != 1:
        raise CannotConvertError(f"{layer.name} is called several times")
    return layer


def framed(reading: Reading, graph: Graph, call: Call) -> Match:
    """Match a SubpixelConv2D, with the ZeroPadding2D before it and the Cropping2D after it if they can be absorbed."""
    layer: SubpixelConv2D = call.operation
    kernel = np.asarray(layer.kernel)
    before, after = _frame_around(reading, graph, call)
    matches = []
    for padding, cropping in ((before, after), (before, None), (None, after), (None, None)):
        own_padding = NOTHING if layer.padding == "valid" else "same"
        frame = SubpixelFrame(padding.padding if padding else own_padding, cropping.cropping if cropping else NOTHING)
        operations = tuple(each for each in (padding, layer, cropping) if each)
        # A transposed convolution cannot express a padding that is larger than the kernel.
        with contextlib.suppress(CannotConvertError):
            twin = least_transpose(kernel, layer.scale, frame)
            matches.append(Match(operations, layer, twin, layer.scale, layer.phase_bias))
    # Prefer matches that need no crop layer, then matches that absorb more operations.
    return min(matches, key=lambda match: (match.kernel.frame.crop != NOTHING, -len(match.operations)))


def _frame_around(
    reading: Reading, graph: Graph, call: Call
) -> tuple[layers.ZeroPadding2D | None, layers.Cropping2D | None]:
    layer = call.operation
    before = graph.producer(call.inputs[0])
    after = graph.only_consumer(call.outputs[0])

    def fits(other: Call | None, kind: type) -> bool:
        if other is None or type(other.operation) is not kind or not other.plain:
            return False
        uses = {reading.uses[id(layer)], reading.uses[id(other.operation)]}
        neighbour: Any = other.operation
        alike = neighbour.data_format == layer.data_format and neighbour.dtype_policy == layer.dtype_policy
        return uses == {1} and alike

    padded = fits(before, layers.ZeroPadding2D) and layer.padding == "valid" and graph.only_consumer(call.inputs[0])
    # An activation that is not pointwise, or a regulariser of the activity, depends on the cropped pixels.
    pointwise = is_pointwise(layer.activation) and layer.activity_regularizer is None
    # After a crop the pattern of the phases would begin at another pixel.
    croppable = pointwise and not (layer.phase_bias and differs_by_phase(layer, layer.filters))
    return (
        before.operation if before and padded else None,
        after.operation if after and croppable and fits(after, layers.Cropping2D) else None,
    )


def least_transpose(kernel: Array, scale: Pair, frame: SubpixelFrame) -> TransposeKernel:
    """Return the smallest equal transposed kernel, without rows and columns of zeros that only filled up its taps.

    Raises:
        CannotConvertError: no transposed convolution is equal.
    """
    full = kernel.shape[0] * scale[0], kernel.shape[1] * scale[1]
    least = None
    sizes = itertools.product(*(range(size, size - factor, -1) for size, factor in zip(full, scale, strict=True)))
    for size in sizes:
        if size != full and not np.any(kernel):
            break
        try:
            twin = subpixel_to_transpose(kernel, scale, *frame, kernel_size=size)
        except ValueError:
            continue
        if least is None or (twin.frame.crop != NOTHING, twin.size) < (least.frame.crop != NOTHING, least.size):
            least = twin
    if least is None:
        raise CannotConvertError("its padding is larger than its kernel")
    return least


def _is_pointwise_call(call: Call) -> bool:
    operation = call.operation
    if not call.plain:
        return False
    if isinstance(operation, layers.Layer):
        return not operation.variables and is_pointwise(operation)
    return type(operation).__module__.startswith("keras.") and type(operation).__name__ in POINTWISE_OPERATIONS
