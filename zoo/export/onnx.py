"""Convert a network to ONNX, and run it in ONNX Runtime."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from zoo.arrays import Array
from zoo.export.errors import require
from zoo.system.quiet_tensorflow import silent_unless_it_fails

PACKAGES = ("onnxruntime", "tf2onnx")


def to_onnx(model: keras.Model) -> bytes:
    """Return a model as an ONNX file's content, its inputs shaped as the model declares them.

    Raises:
        MissingPackageError: tf2onnx is not installed.
    """
    require("converting to ONNX", ["tf2onnx"])
    specs = [keras.InputSpec(shape=x.shape, dtype=x.dtype) for x in model.inputs]
    with tempfile.TemporaryDirectory() as folder, silent_unless_it_fails():
        path = Path(folder) / "model.onnx"
        signature = specs if len(specs) == 1 else [specs]
        model.export(path, format="onnx", verbose=False, input_signature=signature)
        return path.read_bytes()


def onnx_runner(content: bytes, inputs: Sequence[Array]) -> Callable[[], list[Array]]:
    """Return a function that runs an ONNX model once, on all cores, and returns all its outputs.

    Args:
        content: of `to_onnx`.
        inputs: in the order of the network's own inputs.

    Raises:
        MissingPackageError: ONNX Runtime is not installed.
    """
    require("running ONNX models", ["onnxruntime"])
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    feed = {place.name: x for place, x in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: session.run(None, feed)
