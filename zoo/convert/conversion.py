"""Rewrite a whole Keras model from one up-sampler to the other, with the same outputs."""

import contextlib
from collections.abc import Iterable
from typing import Any

import keras

from zoo.convert.change import Change
from zoo.convert.checking import checked_difference
from zoo.convert.copying import samples_of_unknown
from zoo.convert.graph import Reading, input_specifications, is_open
from zoo.convert.measuring import CannotMeasureError, check_runtime, model_times
from zoo.convert.messages import innermost_reason
from zoo.convert.plan import plan
from zoo.convert.rebuild import Rebuilding
from zoo.convert.report import ConversionReport, LayerReport
from zoo.convert.values import random_like, unchanged_states
from zoo.formats.runtimes import RUNTIMES
from zoo.network.multiply_adds import layer_multiply_adds
from zoo.upsampling.arguments import one_of


def convert(
    model: keras.Model,
    to: str,
    when: str = "always",
    input_shape: Any = None,
    measure: bool = False,
    runtime: str = "tensorflow",
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

    Functional and Sequential models are converted, including nested ones and subclasses without a `call` of their own,
    such as the backbones of KerasHub, which become plain models. Inputs, outputs and layers keep their names.
    If several layers take the place of one, or of a convolution with its shuffle or crop, the last of them has the name
    of the last one replaced, so that `new.get_layer(name).output` and losses by output name mean what they meant; the
    others have its name with an ending, such as `up_padding` and `up_convolution`. Layers keep their dtype policies,
    trainable flags, activations, regularisers, constraints and initialisers; shared layers stay shared. Constraints and
    regularisers that depend on axes of the kernel apply to the other form's axes afterwards. Zeros that fill up a
    kernel are ordinary weights if the model is trained. The new model is not compiled.

    What enlarges and cannot be converted stays as it is, and the report says why. If the configuration of a layer does
    not make a layer that does the same, it cannot be copied, and both models hold it.

    Examples:
        >>> model, report = convert(keras.models.load_model("generator.keras"), to="subpixel")
        >>> report.difference < 1e-5
        True

    Args:
        model: a built Functional or Sequential model; it is not modified. It shares nothing with the new one except the
            layers that cannot be copied, which the report lists as `shared`.
        to: `"subpixel"` or `"transpose"`.
        when: `"always"`; or `"faster"`, which measures both forms of every layer on this machine, with the layer's
            input size, and converts the layer only if the other form is clearly faster.
        input_shape: height, width and channels of an input, without the batch; a list of them for several inputs. If
            the model leaves sizes open, it is needed for `"faster"`, `measure` and multiply-adds.
        measure: put times of inference into the report.
        runtime: what to measure in: `"tensorflow"`, `"xla"`, `"litert"` or `"onnx"`, each on all cores. Name the one
            that the model will run in, because a form may be faster in one and slower in another.
        form: of sub-pixel convolutions. `"split"` is the layers named above. `"layer"` is one
            `zoo.upsampling.Conv2DTranspose`, which rearranges its kernel whenever it is called: it keeps name, weights
            and output of Keras's, so that weight files and fine-tuning stay those of the original. It also replaces
            those inside `TimeDistributed`, `SpectralNormalization` and custom layers. A custom layer that makes its own
            layers makes Keras's again when it is loaded from a file, with the same outputs. It is slower in TensorFlow
            and XLA where kernels are large and pictures small.

    Returns:
        The new model and a report. A subclassed model with a `call` of its own is returned as it is.

    Raises:
        ValueError: an argument is out of range, the model is not built, a shape does not fit the model, or an output
            would differ by more than rounding explains; the message names the layer.
        MissingPackageError: the runtime is not installed.
    """
    to = one_of(to, "to", ("subpixel", "transpose"))
    layer_form = one_of(form, "form", ("split", "layer")) == "layer" and to == "subpixel"
    faster = one_of(when, "when", ("always", "faster")) == "faster"
    runtime = one_of(runtime, "runtime", RUNTIMES)
    if faster or measure:
        check_runtime(runtime)
    elif runtime != "tensorflow":
        raise ValueError(f"runtime={runtime!r} is what to measure in: give when='faster' or measure=True, too")
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` must be a Keras model. Received: {type(model).__name__}")
    if not is_open(model):
        reason = "it is a subclassed model with a call of its own, which is not known"
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
        reason = innermost_reason(error)
        raise ValueError(f"{model.name} does not take inputs of {shapes}; give an input_shape ({reason})") from error
    numbers = [random_like(x, seed) for seed, x in enumerate(inputs)]
    planned = plan(reading, "layer" if layer_form else to, faster, measure, sizes_known, runtime)
    rebuilding = Rebuilding(planned.changes, samples_of_unknown(model, numbers), planned.exchanges)
    new = rebuilding.rebuild(model)
    planned = planned.without(rebuilding.shared)
    difference = checked_difference(model, new, numbers, reading, planned, rebuilding)
    seconds: list[float] | list[None] = [None, None]
    if measure and difference is not None:
        with unchanged_states(model), unchanged_states(new), contextlib.suppress(CannotMeasureError):
            seconds = model_times((model, new), numbers, runtime)
    converted = [row for row in planned.reports if row.converted]
    known = sizes_known and all(row.multiply_adds_before is not None for row in converted)
    unchanged = _unchanged_work(reading, planned.changes) if known else None
    return new, ConversionReport(
        to,
        planned.reports,
        multiply_adds_before=_total(unchanged, [row.multiply_adds_before for row in converted]),
        multiply_adds_after=_total(unchanged, [row.multiply_adds_after for row in converted]),
        difference=difference,
        seconds_before=seconds[0],
        seconds_after=seconds[1],
        runtime=runtime,
        shared=tuple(reading.paths[id(operation)] for operation in rebuilding.shared),
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
