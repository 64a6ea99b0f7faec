"""Convert a network to a LiteRT flatbuffer (`.tflite`), and run it."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from zoo.arrays import Array
from zoo.export.errors import ExportError, require
from zoo.export.inputs import packed
from zoo.system.keras_internals import litert_conversion_error
from zoo.system.quiet_tensorflow import silent_unless_it_fails

PACKAGES = ("ai_edge_litert",)


def to_litert(network: keras.Model | Any, inputs: Sequence[tf.TensorSpec] | None = None) -> bytes:
    """Return a network as a LiteRT flatbuffer that holds its weights and uses LiteRT's own operations only.

    Args:
        network: a `keras.Model`, or a `tf.types.experimental.ConcreteFunction`.
        inputs: of a model, shape and dtype of each input; by default as the model declares them. Sizes may be None.

    Raises:
        ExportError: LiteRT has no form of one of the operations.
    """
    function = _concrete(network, inputs) if isinstance(network, keras.Model) else network
    try:
        with silent_unless_it_fails():
            # With the model as second argument, the flatbuffer would lack the values of Keras's variables.
            return tf.lite.TFLiteConverter.from_concrete_functions([function]).convert()
    except litert_conversion_error() as error:
        raise ExportError(f"LiteRT does not take this network: {_first_line(error)}") from error


def _concrete(model: keras.Model, inputs: Sequence[tf.TensorSpec] | None) -> Any:
    specs = inputs or [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
    function = tf.function(lambda *x: model(packed(model, x), training=False))
    return function.get_concrete_function(*specs)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def interpreter_of(content: bytes, inputs: Sequence[Array]) -> Any:
    """Return a LiteRT interpreter on all cores, its inputs in place; `invoke()` runs it.

    Args:
        content: a flatbuffer of `to_litert`.
        inputs: in the order of the network's own inputs.

    Raises:
        MissingPackageError: LiteRT is not installed.
    """
    require("running LiteRT models", PACKAGES)
    from ai_edge_litert.interpreter import Interpreter

    with silent_unless_it_fails():
        interpreter = Interpreter(model_content=content, num_threads=os.cpu_count())
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
