"""Run a model in TensorFlow, XLA, LiteRT or ONNX Runtime, each as a function without arguments."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.formats.exporters import EXPORTERS
from zoo.formats.inputs import packed

Run = Callable[[], list[np.ndarray]]
RUNTIMES = ("tensorflow", "xla", *EXPORTERS)


def missing(runtime: str) -> list[str]:
    """Return the packages that a runtime needs and that are not installed."""
    return EXPORTERS[runtime].missing() if runtime in EXPORTERS else []


def runner(runtime: str, model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    """Return a function that runs a model once, on all cores, on inputs that are already in place.

    Args:
        runtime: one of `RUNTIMES`.
        model: with inputs of fixed shapes.
        inputs: in the model's order.

    Raises:
        MissingPackageError: the runtime is not installed.
    """
    if runtime in EXPORTERS:
        exporter = EXPORTERS[runtime]
        return exporter.runner(exporter.convert(model), inputs)

    def run(*x: tf.Tensor) -> list[tf.Tensor]:
        return keras.tree.flatten(model(packed(model, x), training=False))

    call = tf.function(run, jit_compile=runtime == "xla")
    tensors = [tf.constant(x) for x in inputs]
    return lambda: [output.numpy() for output in call(*tensors)]
