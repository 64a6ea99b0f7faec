"""Rewrite a whole Keras model from one up-sampler to the other, with the same outputs."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.convert.graph import Reading, input_specifications, is_open
from zoo.convert.plan import Change, largest_difference, plan, random_like, whole_times
from zoo.convert.rebuild import Rebuilding
from zoo.convert.report import ConversionReport, LayerReport
from zoo.network.multiply_adds import layer_multiply_adds
from zoo.upsampling.arguments import one_of


def convert(
    model: keras.Model, to: str, when: str = "always", input_shape: Any = None, measure: bool = False
) -> tuple[keras.Model, ConversionReport]:
    """A model with the same outputs in which the up-sampling layers have the other form.

    `"subpixel"` turns every `Conv2DTranspose` into a `SubpixelConv2D`, with a `ZeroPadding2D` before it and a
    `Cropping2D` after it where its kernel or padding need them. `"transpose"` turns every `SubpixelConv2D`, and every
    `Conv2D` that a shuffle follows (`keras.ops.depth_to_space`, or a layer that does the same), into a
    `Conv2DTranspose`; where a bias differs between the phases, a `PhaseBias` adds it.

    Functional and Sequential models are converted, and those nested in them. Layers keep their names, dtype policies,
    trainable flags, activations, regularisers, constraints and initialisers; shared layers stay shared. What cannot
    be converted stays as it is and is in the report with the reason. Constraints and regularisers that look at axes of
    the kernel see the other form's axes from then on, and zeros that fill up a kernel are weights like others if the
    model is trained. The new model is not compiled.

    Example:

    >>> model, report = convert(keras.models.load_model("generator.keras"), to="subpixel")
    >>> report.difference < 1e-5
    True

    Args:
        model: a built Functional or Sequential model; it is not modified, and shares nothing with the new one.
        to: `"subpixel"` or `"transpose"`.
        when: `"always"`; or `"faster"`, which measures every layer here and now, compiled and with its own input's
            size, and keeps the form that it has unless the other is clearly faster.
        input_shape: height, width and channels of an input, without the batch; a list of such for several inputs.
            Needed where the model leaves sizes open, for `"faster"`, `measure` and multiply-adds.
        measure: put times of inference into the report.

    Returns:
        The new model and a report. A subclassed model is returned as it is.

    Raises:
        ValueError: an argument is out of range, the model is not built, a shape does not fit it, or one of its
            layers cannot be copied.
    """
    to = one_of(to, "to", ("subpixel", "transpose"))
    faster = one_of(when, "when", ("always", "faster")) == "faster"
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` must be a Keras model. Received: {type(model).__name__}")
    if not is_open(model):
        reason = "it is a subclassed model, whose calls are not known"
        return model, ConversionReport(to, (LayerReport(model.name, type(model).__name__, reason=reason),))
    if not model.built:
        raise ValueError(f"{model.name} is not built: call it once, or give it an Input")
    inputs, sizes_known = input_specifications(model, input_shape)
    if (faster or measure) and not sizes_known:
        raise ValueError(
            f"{model.name} takes inputs of any size: give input_shape, such as (64, 64, {inputs[0].shape[-1]}), "
            "the size to measure"
        )
    try:
        reading = Reading(model, inputs)
    except Exception as error:
        shapes = ", ".join(str(x.shape) for x in inputs)
        raise ValueError(f"{model.name} does not take inputs of {shapes}; give an input_shape ({error})") from error
    planned = plan(reading, to, faster, measure, sizes_known)
    new = Rebuilding(planned.changes).rebuild(model)

    packed = random_like(inputs[0])
    if not isinstance(model, keras.Sequential):
        numbers = [random_like(x, seed) for seed, x in enumerate(inputs)]
        packed = keras.tree.pack_sequence_as(model.input, numbers)
    converted = [row for row in planned.reports if row.converted]
    known = sizes_known and all(row.multiply_adds_before is not None for row in converted)
    work = _unchanged_work(reading, planned.changes) if known else None
    difference: float | None = None
    seconds: list[float] | list[None] = [None, None]
    with _random_states(model), _random_states(new), contextlib.suppress(tf.errors.OpError):
        difference = largest_difference(model(packed, training=False), new(packed, training=False))
        seconds = whole_times((model, new), packed) if measure else seconds
    return new, ConversionReport(
        to,
        planned.reports,
        multiply_adds_before=None if work is None else work + sum(row.multiply_adds_before or 0 for row in converted),
        multiply_adds_after=None if work is None else work + sum(row.multiply_adds_after or 0 for row in converted),
        difference=difference,
        seconds_before=seconds[0],
        seconds_after=seconds[1],
    )


def _unchanged_work(reading: Reading, changes: Iterable[Change]) -> int | None:
    """Multiply-adds of all calls of layers that do not change; None where a layer's are not known."""
    changed = {id(change.main) for change in changes}
    try:
        return sum(
            layer_multiply_adds(call.operation, call.inputs[0].shape, call.outputs[0].shape)
            for key, calls in reading.calls.items()
            for call in calls
            if isinstance(call.operation, keras.layers.Layer) and not is_open(call.operation) and key not in changed
        )
    except ValueError:
        return None


@contextlib.contextmanager
def _random_states(model: keras.Model) -> Iterator[None]:
    """Leave a model's random layers where they were."""
    weights = {id(variable) for variable in model.weights}
    states = [(variable, np.asarray(variable).copy()) for variable in model.variables if id(variable) not in weights]
    try:
        yield
    finally:
        for variable, value in states:
            variable.assign(value)
