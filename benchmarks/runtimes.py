"""Run a model in TensorFlow, XLA, LiteRT or ONNX Runtime, each as a function without arguments."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.export import EXPORTERS

Run = Callable[[], list[np.ndarray]]
RUNTIMES = ("tensorflow", "xla", *EXPORTERS)


def missing(runtime: str) -> list[str]:
    """Return the packages that a runtime needs and that are not installed."""
    return EXPORTERS[runtime].missing() if runtime in EXPORTERS else []


def runner(runtime: str, model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    """Return a function that runs a model once, on all cores, on inputs that are already in place.

    Args:
        runtime: one of `RUNTIMES`.
        model: with inputs of fixed shapes and one output.
        inputs: in the model's order.

    Raises:
        MissingPackageError: the runtime is not installed.
    """
    if runtime in EXPORTERS:
        exporter = EXPORTERS[runtime]
        return exporter.runner(exporter.convert(model), inputs)
    call = tf.function(lambda *x: model(x[0] if len(x) == 1 else list(x), training=False), jit_compile=runtime == "xla")
    tensors = [tf.constant(x) for x in inputs]
    return lambda: [call(*tensors).numpy()]
