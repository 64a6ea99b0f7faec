"""Compare a new model with the model that it was made from."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.convert.graph import Reading
from zoo.convert.messages import innermost_reason
from zoo.convert.plan import Plan
from zoo.convert.rebuild import Rebuilding
from zoo.convert.values import (
    beyond_rounding,
    differ,
    largest_difference,
    run_operations,
    unchanged_states,
)
from zoo.formats.inputs import packed
from zoo.system.whole_digits import whole_digits

# The rounding of the layers is measured on one input, so what the model makes of it is a rough estimate.
_ROUGHLY = 3


@whole_digits()
def checked_difference(
    old: keras.Model, new: keras.Model, inputs: Sequence[Any], reading: Reading, planned: Plan, rebuilding: Rebuilding
) -> float | None:
    """Return max|a - b| / max|a| of the outputs of two models.

    Args:
        old: a Functional or Sequential model.
        new: the model that `rebuilding` made of it.
        inputs: tensors, in the models' order.
        reading: of `old`.
        planned: what changed.
        rebuilding: made `new`.

    Returns:
        The difference; None if TensorFlow cannot run one of the models on this machine, if `old` does not take these
        inputs, or if it returns other numbers each time.

    Raises:
        ValueError: the outputs differ by more than rounding explains; the message names the layer.
    """
    try:
        before = _outputs(old, inputs)
    # A model may refuse random numbers in any way.
    except Exception:
        return None
    try:
        after = _outputs(new, inputs)
    # TensorFlow has no kernel for this machine: of channels_first, it has none for transposed convolutions on CPUs.
    except tf.errors.OpError:
        return None
    except Exception as error:
        raise ValueError(f"{old.name} cannot be converted: the new model fails, {innermost_reason(error)}") from error
    difference = largest_difference(before, after)
    if not differ(old, before, after):
        return difference
    if differ(old, before, _outputs(old, inputs)):
        return None
    rows = {row.name: row.difference or 0.0 for row in planned.reports if row.converted}
    steps = {id(change.main): rows[reading.paths[id(change.main)]] for change in planned.changes}
    moved = largest_difference(before, _moved(old, inputs, steps))
    if not differ(old, before, after, more=_ROUGHLY * moved):
        return difference
    name, far = _first_that_differs(old, inputs, reading, rebuilding) or (old.name, difference)
    raise ValueError(beyond_rounding(name, far))


def _outputs(model: keras.Model, inputs: Sequence[Any]) -> Any:
    with unchanged_states(model):
        return model(packed(model, inputs), training=False)


def _moved(model: keras.Model, inputs: Sequence[Any], steps: Mapping[int, float]) -> Any:
    """Return a model's outputs after moving results of operations up or down by a share of the largest.

    Args:
        model: a Functional or Sequential model.
        inputs: tensors.
        steps: the share, by the id of the operation.
    """
    draw = np.random.default_rng(0)

    def call(operation: Any, *arguments: Any, **options: Any) -> Any:
        result = operation(*arguments, **options)
        if step := steps.get(id(operation)):
            signs = keras.ops.cast(draw.choice([-1.0, 1.0], result.shape), result.dtype)
            result += step * keras.ops.max(keras.ops.abs(result)) * signs
        return result

    with unchanged_states(model):
        return run_operations(model, inputs, call)


def _first_that_differs(
    model: keras.Model, inputs: Sequence[Any], reading: Reading, rebuilding: Rebuilding
) -> tuple[str, float] | None:
    """Return the first operation that computes something else in the new model for equal arguments, and how far."""
    found: list[tuple[str, float]] = []

    def compare(operation: Any, *arguments: Any, **options: Any) -> Any:
        expected, result = rebuilding.results(operation, *arguments, **options)
        if not found and differ(operation, expected, result):
            found.append((reading.paths[id(operation)], largest_difference(expected, result)))
        return operation(*arguments, **options)

    with unchanged_states(model), contextlib.suppress(Exception):
        run_operations(model, inputs, compare)
    return found[0] if found else None
