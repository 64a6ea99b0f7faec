"""Name the open dimensions of an ONNX model's inputs and outputs."""

import contextlib
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

_RUNS = 2
_BATCHES = (3, 2)
# Some networks want sizes that divide by 8. Those of the second run do not, so that a size that is rounded differs
# there from the input's.
_SIZES = ((16, 17), (24, 13), (40, 19), (56, 23), (88, 29), (104, 31))

_Sizes = dict[str, tuple[int, ...]]
"""The sizes of an open dimension in each run, by its name."""


def name_dimensions(model: Any, function: Any) -> None:
    """Name the open dimensions of inputs and outputs, which tf2onnx calls `unk__12`.

    Inputs have `batch`, `height` and `width`. If the sizes of several inputs are open, their names begin with those of
    the inputs. A dimension of an output has the name of an input's if both are equal in every run, because runtimes
    plan memory by names. Multiples of it are called `enlarged_height` and so on, and others begin with the output's
    name.

    Args:
        model: an `onnx.ModelProto`, which is changed.
        function: the concrete function that it was made from. It is run on small inputs.
    """
    sizes = _name_inputs(model.graph.input)
    shapes = [_output_shapes(model.graph.input, function, sizes, run) for run in range(_RUNS)]
    enlarged: _Sizes = {}
    for number, output in enumerate(model.graph.output):
        for axis, dimension in _open_dimensions(output):
            # A network that refuses the sizes of a run leaves open how the output's sizes follow from the input's.
            seen = tuple(shape[number][axis] for shape in shapes if shape)
            name = _name_of(seen, sizes, enlarged) if len(seen) == _RUNS else None
            dimension.dim_param = name or f"{output.name}_{_words(output)[axis]}"


def _name_inputs(inputs: Sequence[Any]) -> _Sizes:
    """Name the open dimensions of inputs, and choose different sizes for each of them."""
    sizes: _Sizes = {}
    several = sum(any(axis for axis, _ in _open_dimensions(each)) for each in inputs) > 1
    for each in inputs:
        for axis, dimension in _open_dimensions(each):
            word = _words(each)[axis]
            dimension.dim_param = f"{each.name}_{word}" if axis and several else word
            sizes[dimension.dim_param] = _SIZES[len(sizes) % len(_SIZES)] if axis else _BATCHES
    return sizes


def _open_dimensions(place: Any) -> list[tuple[int, Any]]:
    """Return the axes and the dimensions of an input or output that have no fixed size."""
    dimensions = enumerate(place.type.tensor_type.shape.dim)
    return [(axis, dimension) for axis, dimension in dimensions if not dimension.HasField("dim_value")]


def _words(place: Any) -> list[str]:
    """Return what the axes of an input or output mean: those of pictures, or of numbers in no order that is known."""
    rank = len(place.type.tensor_type.shape.dim)
    if rank != 4:
        return ["batch", *(f"size_{axis}" for axis in range(1, rank))]
    is_open = {axis for axis, _ in _open_dimensions(place)}
    if 3 in is_open and 1 not in is_open:
        return ["batch", "channels", "height", "width"]
    return ["batch", "height", "width", "channels"]


def _output_shapes(inputs: Sequence[Any], function: Any, sizes: _Sizes, run: int) -> list[tuple[int, ...]] | None:
    """Return the shapes of a function's outputs in a run; None if it refuses the sizes of that run."""
    zeros = []
    for each, tensor in zip(inputs, function.inputs, strict=True):
        shape = [
            dimension.dim_value if dimension.HasField("dim_value") else sizes[dimension.dim_param][run]
            for dimension in each.type.tensor_type.shape.dim
        ]
        zeros.append(tf.zeros(shape, tensor.dtype))
    with contextlib.suppress(tf.errors.OpError, ValueError):
        return [tuple(output.shape) for output in tf.nest.flatten(function(*zeros))]
    return None


def _name_of(seen: tuple[int, ...], sizes: _Sizes, enlarged: _Sizes) -> str | None:
    """Return the name of an output's dimension that had these sizes, or None if they follow from no input's.

    Args:
        seen: its size in each run.
        sizes: of the inputs' dimensions.
        enlarged: those of multiples that have a name already; a new one is added.
    """
    for name, of_input in sizes.items():
        if seen == of_input:
            return name
        factors = {one / other for one, other in zip(seen, of_input, strict=True)}
        factor = factors.pop()
        if not factors and factor > 1 and factor.is_integer() and enlarged.setdefault(f"enlarged_{name}", seen) == seen:
            return f"enlarged_{name}"
    return None
