"""Convert a network to a LiteRT flatbuffer (`.tflite`), and run it."""

import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from zoo.arrays import Array
from zoo.formats.errors import ExportError, missing_packages
from zoo.formats.graph import portable
from zoo.formats.inputs import packed
from zoo.formats.litert_contents import operations, with_signature
from zoo.formats.litert_trial import try_alone
from zoo.system.keras_internals import litert_conversion_error
from zoo.system.quiet_tensorflow import silent, silent_unless_it_fails

PACKAGES: tuple[str, ...] = ()
_MISSING = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")


def to_litert(
    network: keras.Model | Any,
    inputs: Sequence[tf.TensorSpec] | None = None,
    *,
    quantise: str | None = None,
    examples: Iterable[Sequence[Array]] = (),
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a network as a LiteRT flatbuffer that holds its weights and uses LiteRT's own operations only.

    Args:
        network: a `keras.Model`, or a `tf.types.experimental.ConcreteFunction`.
        inputs: of a model, shape and dtype of each input; by default as the model declares them. Sizes may be None.
        quantise: `"float16"` stores weights in 16 bits; `"int8"` also computes with 8 bits, and `"int16"` with weights
            of 8 bits and all else in 16. Inputs and outputs stay floats.
        examples: inputs in their order, by which the ranges of whole numbers are chosen.
        names: of the inputs and of the outputs, for the file's signature.
        metadata: facts to store in the file; see `zoo.formats.litert_contents.read_metadata`.

    Raises:
        ExportError: LiteRT has no form of one of the operations.
    """
    function = _concrete(network, inputs) if isinstance(network, keras.Model) else network
    with silent():
        # With the model as second argument, the flatbuffer would lack the values of Keras's variables.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([portable(function)])
    if quantise:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantise == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif quantise:
        converter.representative_dataset = lambda: (list(each) for each in examples)
        kinds = tf.lite.OpsSet
        is_wide = quantise == "int16"
        kind = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8" if is_wide else "TFLITE_BUILTINS_INT8"
        converter.target_spec.supported_ops = [getattr(kinds, kind), kinds.TFLITE_BUILTINS]
    try:
        with silent(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
            content = converter.convert()
    except litert_conversion_error() as error:
        raise ExportError(f"LiteRT does not take this network: {_reason(error)}") from error
    # The quantiser raises these for an operation or a type that it does not know.
    except (RuntimeError, ValueError) as error:
        hint = "--size leaves no sizes to compute, which may help"
        raise ExportError(
            f"LiteRT cannot quantise this network to {quantise} ({hint}): {_first_line(error)}"
        ) from error
    return with_signature(content, names, metadata or {})


def _concrete(model: keras.Model, inputs: Sequence[tf.TensorSpec] | None) -> Any:
    specs = inputs or [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
    function = tf.function(lambda *x: keras.tree.flatten(model(packed(model, x), training=False)))
    return function.get_concrete_function(*specs)


def _reason(error: Exception) -> str:
    missing = sorted(set(_MISSING.findall(str(error))))
    return f"it has no {', '.join(missing)}" if missing else _first_line(error)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _interpreter() -> Any:
    """Return the class that runs flatbuffers: LiteRT's own where it is installed, otherwise TensorFlow's."""
    if missing_packages(["ai_edge_litert"]):
        return tf.lite.Interpreter
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def interpreter_of(content: bytes, inputs: Sequence[Array]) -> Any:
    """Return a LiteRT interpreter on all cores, its inputs in place; `invoke()` runs it.

    Args:
        content: a flatbuffer of `to_litert`.
        inputs: in the order of the network's own inputs.

    Raises:
        ExportError: LiteRT would end this process, because it has no kernel for an operation in whole numbers.
    """
    if "QUANTIZE" in operations(content):
        try_alone(content, [x.shape for x in inputs])
    with silent_unless_it_fails(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="[\\s\\S]*tf.lite.Interpreter is deprecated")
        interpreter = _interpreter()(model_content=content, num_threads=os.cpu_count())
        places = [place["index"] for place in interpreter.get_input_details()]
        for place, x in zip(places, inputs, strict=True):
            interpreter.resize_tensor_input(place, x.shape)
        interpreter.allocate_tensors()
    for place, x in zip(places, inputs, strict=True):
        interpreter.set_tensor(place, x)
    return interpreter


def litert_runner(content: bytes, inputs: Sequence[Array]) -> Callable[[], list[Array]]:
    """Return a function that runs a flatbuffer once and returns all its outputs; see `interpreter_of`."""
    interpreter = interpreter_of(content, inputs)
    places = [place["index"] for place in interpreter.get_output_details()]

    def run() -> list[Array]:
        interpreter.invoke()
        return [interpreter.get_tensor(place) for place in places]

    return run
