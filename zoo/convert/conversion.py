"""Rewrite a whole Keras model from one up-sampler to the other, with the same outputs."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.convert.change import Change
from zoo.convert.graph import Reading, input_specifications, is_open
from zoo.convert.plan import largest_difference, plan, random_like, whole_times
from zoo.convert.rebuild import Rebuilding
from zoo.convert.report import ConversionReport, LayerReport
from zoo.network.multiply_adds import layer_multiply_adds
from zoo.upsampling.arguments import one_of


def convert(
    model: keras.Model,
    to: str,
    when: str = "always",
    input_shape: Any = None,
    measure: bool = False,
    form: str = "split",
) -> tuple[keras.Model, ConversionReport]:
    """Return a model with the same outputs in which the up-sampling layers have the other form, and a report.

    `"subpixel"` turns every `Conv2DTranspose` into a `SubpixelConv2D`, with a `ZeroPadding2D` before it and a
    `Cropping2D` after it if its kernel or padding needs them. `"transpose"` turns every `SubpixelConv2D`, and every
    `Conv2D` that a shuffle follows, into a `Conv2DTranspose`; if a bias differs between the phases, a `PhaseBias` adds
    it. A shuffle is `keras.ops.depth_to_space`, a layer that does the same or what PyTorch's `PixelShuffle` does, or
    several of Keras's reshapes and transpositions that do so together.

    Both turn nearest-neighbour up-sampling by whole factors and the `Conv2D` after it, or a `ResizeConv2D`, into their
    form. Layers between them that treat all pixels of a channel alike then run before it, at low resolution. The new
    kernel has more entries than the old one, so that training it may reach functions that the old one could not; there
    is no way back for a model. A regulariser or a constraint applies to the new kernel.

    Functional and Sequential models are converted, including nested ones. Layers keep their names, dtype policies,
    trainable flags, activations, regularisers, constraints and initialisers; shared layers stay shared. A layer that
    cannot be converted stays as it is, and the report says why. Constraints and regularisers that depend on axes of the
    kernel apply to the other form's axes afterwards. Zeros that fill up a kernel are ordinary weights if the model is
    trained. The new model is not compiled.

    Example:

    >>> model, report = convert(keras.models.load_model("generator.keras"), to="subpixel")
    >>> report.difference < 1e-5
    True

    Args:
        model: a built Functional or Sequential model; it is not modified, and shares nothing with the new one.
        to: `"subpixel"` or `"transpose"`.
        when: `"always"`; or `"faster"`, which measures both forms of every layer on this machine, compiled and with the
            layer's input size, and converts the layer only if the other form is clearly faster.
        input_shape: height, width and channels of an input, without the batch; a list of them for several inputs. If
            the model leaves sizes open, it is needed for `"faster"`, `measure` and multiply-adds.
        measure: put times of inference into the report.
        form: of sub-pixel convolutions. `"split"` is the layers named above. `"layer"` is one
            `zoo.upsampling.Conv2DTranspose`, which rearranges its kernel whenever it is called: it keeps name, weights
            and output of Keras's, so that weight files and fine-tuning stay those of the original. It also replaces
            those inside `TimeDistributed`, `SpectralNormalization` and custom layers. A custom layer that makes its own
            layers makes Keras's again when it is loaded from a file, with the same outputs. It is slower in TensorFlow
            and XLA where kernels are large and pictures small.

    Returns:
        The new model and a report. A subclassed model is returned as it is.

    Raises:
        ValueError: an argument is out of range, the model is not built, a shape does not fit the model, or a layer
            cannot be copied.
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
    layer_form = one_of(form, "form", ("split", "layer")) == "layer" and to == "subpixel"
    planned = plan(reading, "layer" if layer_form else to, faster, measure, sizes_known)
    new = Rebuilding(planned.changes, planned.exchanges).rebuild(model)

    packed = random_like(inputs[0])
    if not isinstance(model, keras.Sequential):
        numbers = [random_like(x, seed) for seed, x in enumerate(inputs)]
        packed = keras.tree.pack_sequence_as(model.input, numbers)
    converted = [row for row in planned.reports if row.converted]
    known = sizes_known and all(row.multiply_adds_before is not None for row in converted)
    unchanged = _unchanged_work(reading, planned.changes) if known else None
    difference: float | None = None
    seconds: list[float] | list[None] = [None, None]
    with _random_states(model), _random_states(new), contextlib.suppress(tf.errors.OpError):
        difference = largest_difference(model(packed, training=False), new(packed, training=False))
        seconds = whole_times((model, new), packed) if measure else seconds
    return new, ConversionReport(
        to,
        planned.reports,
        multiply_adds_before=_total(unchanged, [row.multiply_adds_before for row in converted]),
        multiply_adds_after=_total(unchanged, [row.multiply_adds_after for row in converted]),
        difference=difference,
        seconds_before=seconds[0],
        seconds_after=seconds[1],
    )


def _total(unchanged: int | None, converted: Iterable[int | None]) -> int | None:
    return None if unchanged is None else unchanged + sum(count or 0 for count in converted)


def _unchanged_work(reading: Reading, changes: Iterable[Change]) -> int | None:
    """Return the multiply-adds of all calls of layers that do not change; None if they are not known for a layer."""
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
    """Restore the state of a model's random layers at the end."""
    weights = {id(variable) for variable in model.weights}
    states = [(variable, np.asarray(variable).copy()) for variable in model.variables if id(variable) not in weights]
    try:
        yield
    finally:
        for variable, value in states:
            variable.assign(value)
