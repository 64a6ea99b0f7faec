"""Find calls that together are a sub-pixel convolution: with padding and crop around it, or written by hand."""

import contextlib
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import layers

from zoo.arrays import Array
from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.layer_twins import differs_by_phase
from zoo.convert.pointwise import CannotConvertError, check_activation, is_pointwise, is_pointwise_call
from zoo.convert.reasons import check_kernel
from zoo.convert.shuffles import Shuffle
from zoo.upsampling import SubpixelConv2D, subpixel_to_transpose
from zoo.upsampling.arguments import Pair
from zoo.upsampling.equivalence import TransposeKernel
from zoo.upsampling.frames import NOTHING, SubpixelFrame


@dataclass(frozen=True)
class Match:
    """Hold calls that together are a sub-pixel convolution.

    Attributes:
        operations: the operations to replace, in the order of their calls. Operations between them stay, behind the
            new layers if they were behind `main`, and otherwise before them.
        main: the layer of `operations` that holds the kernel.
        kernel: the kernel of the equal transposed convolution, with its frame.
        scale: of the shuffle.
        bias: of `main`, in the order of `tf.nn.depth_to_space`; None if it has none.
        phase_bias: whether the bias has an entry for each phase.
        after_enlarging: whether `main` is a convolution that runs at high resolution.
    """

    operations: tuple[Any, ...]
    main: layers.Layer
    kernel: TransposeKernel
    scale: Pair
    bias: Array | None
    phase_bias: bool = False
    after_enlarging: bool = False


def hand_written(reading: Reading, graph: Graph, shuffle: Shuffle) -> Match:
    """Match a Conv2D and a shuffle with only pointwise activations between them.

    Raises:
        CannotConvertError: there is no such convolution before the shuffle.
    """
    layer = _convolution_before(reading, graph, shuffle)
    check_plain(layer, shuffle.data_format)
    if not is_pointwise(layer.activation):
        raise CannotConvertError(f"the activation of {layer.name} is not known to be pointwise")
    frame = SubpixelFrame("same" if layer.padding == "same" else NOTHING)
    kernel = least_transpose(shuffle.reordered(np.asarray(layer.kernel)), shuffle.scale, frame)
    bias = shuffle.reordered(np.asarray(layer.bias)) if layer.use_bias else None
    operations = (layer, *(call.operation for call in shuffle.calls))
    return Match(operations, layer, kernel, shuffle.scale, bias, phase_bias=True)


def check_plain(layer: layers.Conv2D, data_format: str) -> None:
    """Raise CannotConvertError unless a convolution has no strides, dilation or groups, and the given data format."""
    for name, plain in {"strides": (1, 1), "dilation_rate": (1, 1), "groups": 1, "data_format": data_format}.items():
        value = getattr(layer, name)
        if value != plain:
            raise CannotConvertError(f"{layer.name} has {name}={value}")
    check_activation(layer)


def _convolution_before(reading: Reading, graph: Graph, shuffle: Shuffle) -> layers.Conv2D:
    call = shuffle.calls[-1]
    while call in shuffle.calls or is_pointwise_call(call):
        producer = graph.producer(call.inputs[0])
        if reading.uses[id(call.operation)] != 1:
            raise CannotConvertError(f"{call.operation.name} is called several times")
        if producer is None or graph.only_consumer(call.inputs[0]) is None:
            raise CannotConvertError(f"what {call.operation.name} takes is used elsewhere too, or is an input")
        if producer.outputs[0].dtype != shuffle.calls[-1].outputs[0].dtype:
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
    bias = np.asarray(layer.bias) if layer.use_bias else None
    before, after = _frame_around(reading, graph, call, bias)
    matches = []
    for padding, cropping in ((before, after), (before, None), (None, after), (None, None)):
        own_padding = NOTHING if layer.padding == "valid" else "same"
        frame = SubpixelFrame(padding.padding if padding else own_padding, cropping.cropping if cropping else NOTHING)
        operations = tuple(each for each in (padding, layer, cropping) if each)
        # A transposed convolution cannot express a padding that is larger than the kernel.
        with contextlib.suppress(CannotConvertError):
            twin = least_transpose(kernel, layer.scale, frame)
            matches.append(Match(operations, layer, twin, layer.scale, bias, layer.phase_bias))
    # Prefer matches that need no crop layer, then matches that absorb more operations.
    return min(matches, key=lambda match: (match.kernel.frame.crop != NOTHING, -len(match.operations)))


def _frame_around(
    reading: Reading, graph: Graph, call: Call, bias: Array | None
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
    croppable = pointwise and not (layer.phase_bias and differs_by_phase(layer, bias, layer.filters))
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
