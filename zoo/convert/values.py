"""Run models on random numbers, and compare what they compute."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from zoo.convert.graph import call_operations, is_open
from zoo.system.keras_internals import nested_layers

# How far two sums of the same products may be apart, relative to the largest one, if their terms are added in another
# order: in the 32-bit and 64-bit types, some thousand times the smallest step, for sums of thousands of products. In
# the 16-bit types most kernels add in 32 bits, but the smallest step alone is 0.001 or 0.008.
_ROUNDING = {"float64": 1e-12, "float32": 1e-4, "float16": 0.06, "bfloat16": 0.06}
# Rounding flips few of the entries that come from comparisons.
_FLIPPED = 0.01


def rounding(operation: Any) -> float:
    """Return the largest difference that rounding explains in the coarsest type that a layer or model computes in."""
    inner = (each for each in nested_layers(operation) if not isinstance(each, keras.Model | keras.layers.InputLayer))
    return max((_ROUNDING.get(layer.compute_dtype, 0.0) for layer in inner), default=0.0)


def beyond_rounding(name: str, difference: float) -> str:
    """Return the sentence that refuses a difference."""
    return f"{name} cannot be converted: its output would differ by {difference:.1e}, more than rounding explains"


def differ(operation: Any, before: Any, after: Any, more: float = 0.0) -> bool:
    """Return whether the outputs of an operation and those of another one differ by more than rounding explains.

    Args:
        operation: a layer, a model or another Keras operation.
        before: its outputs.
        after: the other's.
        more: a difference that is allowed in any case.
    """
    allowed = max(rounding(operation), more)
    return any(
        _difference(a, b) > max(allowed, _ROUNDING.get(keras.backend.standardize_dtype(a.dtype), _FLIPPED))
        for a, b in zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True)
    )


def random_like(x: keras.KerasTensor, seed: int = 0) -> Any:
    """Return standard normal numbers of a tensor's shape and dtype, or zeros and ones if it holds no floats."""
    draw = np.random.default_rng(seed)
    if "float" in x.dtype:
        return keras.ops.cast(draw.standard_normal(x.shape).astype(np.float64), x.dtype)
    whole = draw.integers(0, 2, x.shape)
    if x.dtype == "string":
        return keras.ops.convert_to_tensor(whole.astype(str).astype(object), "string")
    return keras.ops.cast(whole, x.dtype)


def largest_difference(before: Any, after: Any) -> float:
    """Return the largest max|a - b| / max|a| over the tensors of two structures.

    Of a tensor that holds no floats, it is the share of entries that differ. Entries that are not finite have to be the
    same; otherwise the difference is infinite.
    """
    pairs = zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True)
    return max((_difference(a, b) for a, b in pairs), default=0.0)


def _difference(before: Any, after: Any) -> float:
    if "float" not in keras.backend.standardize_dtype(before.dtype):
        old, new = np.asarray(before), np.asarray(after)
        return float(np.mean(old != new)) if old.size and old.shape == new.shape else float(old.shape != new.shape)
    old, new = (np.asarray(keras.ops.cast(value, "float64")) for value in (before, after))
    if old.shape != new.shape:
        return float("inf")
    finite = np.isfinite(old)
    if not np.array_equal(finite, np.isfinite(new)) or not np.array_equal(old[~finite], new[~finite], equal_nan=True):
        return float("inf")
    size = float(np.max(np.abs(old[finite]), initial=0.0)) or 1.0
    return float(np.max(np.abs(old[finite] - new[finite]), initial=0.0)) / size


def run_operations(model: keras.Model, inputs: Sequence[Any], call: Callable[..., Any]) -> Any:
    """Return the outputs of a model, and of nested ones, for which `call(operation, ...)` makes each call.

    Args:
        model: a Functional or Sequential model.
        inputs: its inputs, as tensors.
        call: takes an operation, and the arguments that the model calls it with; returns its output.
    """

    def visit(operation: Any, *arguments: Any, **options: Any) -> Any:
        if not is_open(operation):
            return call(operation, *arguments, **options)
        tensors = [x for x in keras.tree.flatten((arguments, options)) if keras.ops.is_tensor(x)]
        return run_operations(operation, tensors, call)

    return call_operations(model, inputs, visit)


@contextlib.contextmanager
def unchanged_states(operation: Any) -> Iterator[None]:
    """Restore the state of a model's or a layer's random layers at the end."""
    weights = {id(variable) for variable in getattr(operation, "weights", ())}
    variables = [each for each in getattr(operation, "variables", ()) if id(each) not in weights]
    states = [(variable, np.asarray(variable).copy()) for variable in variables]
    try:
        yield
    finally:
        for variable, value in states:
            variable.assign(value)
