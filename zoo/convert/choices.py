"""Choose the layers that replace a layer of a model, or say why there are none."""

from typing import Any

import numpy as np
from keras import layers

from zoo.convert.change import Change, Exchange
from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.layer_twins import Names, subpixel_layers, transpose_layers
from zoo.convert.patterns import Match, framed, hand_written
from zoo.convert.pointwise import CannotConvertError, check_activation
from zoo.convert.reasons import check_kernel, refuse_what_enlarges
from zoo.convert.resizes import resized
from zoo.convert.shuffles import shuffle_ending_at
from zoo.system.keras_internals import nested_layers
from zoo.upsampling import Conv2DTranspose, FramedKernel, SubpixelConv2D, TransposeFrame, transpose_to_subpixel
from zoo.upsampling.frames import subpixel_frame


def choose(reading: Reading, graph: Graph, call: Call, to: str, names: Names) -> Change | Exchange | None:
    """Return the change that begins or ends with a call; None if the call has nothing to do with up-sampling.

    Args:
        reading: the model.
        graph: the one of its graphs that holds the call.
        call: of an operation.
        to: `"subpixel"`, `"layer"` or `"transpose"`.
        names: chooses the names of the new layers.

    Raises:
        CannotConvertError: the operation stays as it is although it may enlarge.
    """
    match = _to_transpose(reading, graph, call) if to == "transpose" else _to_subpixel(graph, call, to)
    match = match or resized(reading, graph, call)
    if match is None:
        return _exchange(reading, call, to)
    last: Any = match.operations[-1]
    # An operation that is no layer has a name that only the output of a model shows.
    name = last.name if isinstance(last, layers.Layer) or graph.makes_output(last) else None
    bearer = None
    by_hand = type(match.main) is layers.Conv2D and last is not match.main
    if name and by_hand and not graph.follows(match.main, match.operations[1]):
        bearer, name = layers.Identity(name=name, dtype=call.outputs[0].dtype), None
    try:
        new = _layers(match, to, names, name)
    except ValueError as error:
        raise CannotConvertError(str(error)) from error
    calls = tuple(reading.calls[id(match.operations[0])])
    return Change(match.operations, match.main, tuple(new), calls, match.scale, match.after_enlarging, bearer)


def _layers(match: Match, to: str, names: Names, last_name: str | None) -> list[layers.Layer]:
    if to == "subpixel":
        twin = transpose_to_subpixel(match.kernel.kernel, match.scale, *match.kernel.frame)
        return subpixel_layers(match.main, twin, match.scale, match.bias, names)
    kind = Conv2DTranspose if to == "layer" else layers.Conv2DTranspose
    return transpose_layers(match.main, match.kernel, match.scale, match.bias, match.phase_bias, names, last_name, kind)


def _to_subpixel(graph: Graph, call: Call, to: str) -> Match | None:
    layer = call.operation
    if type(layer) is layers.Conv2DTranspose or (type(layer) is Conv2DTranspose and to == "subpixel"):
        return _transposed(layer)
    if isinstance(layer, layers.Conv2DTranspose) and type(layer) is not Conv2DTranspose:
        raise CannotConvertError(f"{type(layer).__name__} is a class of its own, whose code is not known")
    if shuffle_ending_at(graph, call):
        raise CannotConvertError("it is the shuffle of a sub-pixel convolution already")
    return None


def _transposed(layer: layers.Conv2DTranspose) -> Match:
    """Match a transposed convolution alone."""
    _check_dilation(layer)
    check_kernel(layer)
    check_activation(layer)
    frame = TransposeFrame(layer.padding, layer.output_padding)
    bias = np.asarray(layer.bias) if layer.use_bias else None
    return Match((layer,), layer, FramedKernel(np.asarray(layer.kernel), frame), tuple(layer.strides), bias)


def _to_transpose(reading: Reading, graph: Graph, call: Call) -> Match | None:
    layer = call.operation
    if type(layer) is SubpixelConv2D:
        check_activation(layer)
        return framed(reading, graph, call)
    if type(layer) is Conv2DTranspose:
        return _transposed(layer)
    shuffle = shuffle_ending_at(graph, call)
    return hand_written(reading, graph, shuffle) if shuffle else None


def _check_dilation(layer: layers.Conv2DTranspose) -> None:
    if tuple(layer.dilation_rate) != (1, 1):
        raise CannotConvertError(f"its dilation_rate is {tuple(layer.dilation_rate)}")


def _exchange(reading: Reading, call: Call, to: str) -> Exchange | None:
    """Return the change of the transposed convolutions inside a layer; None if it is known to hold none."""
    operation = call.operation
    old, new = layers.Conv2DTranspose, Conv2DTranspose
    if to == "transpose":
        old, new = new, old
    changing, kept = [], []
    for layer in nested_layers(operation)[1:]:
        if type(layer) is old and to != "subpixel":
            try:
                _check_dilation(layer)
                # This refuses a layer that TensorFlow cannot run.
                subpixel_frame(layer.kernel_size, layer.strides, TransposeFrame(layer.padding, layer.output_padding))
                changing.append(layer)
            except ValueError as error:
                kept.append((layer, str(error)))
    if changing:
        return Exchange(reading.paths[id(operation)], operation, tuple(changing), new, tuple(kept))
    if kept:
        raise CannotConvertError("; ".join(f"it holds {layer.name}: {reason}" for layer, reason in kept))
    refuse_what_enlarges(call, to)
    return None
