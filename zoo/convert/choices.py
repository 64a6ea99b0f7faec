"""Choose the layers that replace a layer of a model, or say why there are none."""

from typing import Any

import keras
import numpy as np
from keras import layers

from zoo.convert.change import Change, Exchange
from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.layer_twins import Names, subpixel_layers, transpose_layers
from zoo.convert.patterns import Match, framed, hand_written
from zoo.convert.pointwise import CannotConvertError, check_activation
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
        return _exchange(call.operation, to)
    try:
        new = _layers(match, to, names)
    except ValueError as error:
        raise CannotConvertError(str(error)) from error
    calls = tuple(reading.calls[id(match.operations[0])])
    return Change(match.operations, match.main, tuple(new), calls, match.scale, match.after_enlarging)


def _layers(match: Match, to: str, names: Names) -> list[layers.Layer]:
    if to == "subpixel":
        twin = transpose_to_subpixel(match.kernel.kernel, match.scale, *match.kernel.frame)
        return subpixel_layers(match.main, twin, match.scale, match.bias, names)
    kind = Conv2DTranspose if to == "layer" else layers.Conv2DTranspose
    return transpose_layers(match.main, match.kernel, match.scale, match.bias, match.phase_bias, names, kind)


def _to_subpixel(graph: Graph, call: Call, to: str) -> Match | None:
    layer = call.operation
    if type(layer) is layers.Conv2DTranspose or (type(layer) is Conv2DTranspose and to == "subpixel"):
        return _transposed(layer)
    if isinstance(layer, layers.Conv2DTranspose) and type(layer) is not Conv2DTranspose:
        raise CannotConvertError(f"{type(layer).__name__} is a class of its own, whose code is not known")
    if isinstance(layer, layers.Conv1DTranspose | layers.Conv3DTranspose):
        raise CannotConvertError("only two-dimensional convolutions are converted")
    if shuffle_ending_at(graph, call):
        raise CannotConvertError("it is the shuffle of a sub-pixel convolution already")
    return None


def _transposed(layer: layers.Conv2DTranspose) -> Match:
    """Match a transposed convolution alone."""
    _check_dilation(layer)
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


def _exchange(operation: Any, to: str) -> Exchange | None:
    """Return the change of the transposed convolutions inside a layer; None if it is known to hold none."""
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
        return Exchange(operation, tuple(changing), new, tuple(kept))
    if kept:
        raise CannotConvertError("; ".join(f"it holds {layer.name}: {reason}" for layer, reason in kept))
    _refuse_unknown(operation, to)
    return None


def _refuse_unknown(operation: Any, to: str) -> None:
    """Raise CannotConvertError if it is not known what an operation computes or which layers it holds."""
    kind = type(operation).__name__
    inner = nested_layers(operation)[1:]
    hidden = [layer for layer in inner if isinstance(layer, layers.Conv2DTranspose | SubpixelConv2D)]
    if hidden:
        names = ", ".join(layer.name for layer in hidden)
        exchangeable = to == "subpixel" and any(type(layer) is layers.Conv2DTranspose for layer in hidden)
        remedy = '; form="layer" converts it' if exchangeable else ""
        raise CannotConvertError(f"it holds {names}, and its calls are not known{remedy}")
    if isinstance(operation, keras.Model):
        raise CannotConvertError("it is a subclassed model, whose calls are not known")
    if isinstance(operation, layers.Lambda) or not type(operation).__module__.startswith(("keras.", "zoo.")):
        raise CannotConvertError(f"{kind} is code of its own, which is not known")
