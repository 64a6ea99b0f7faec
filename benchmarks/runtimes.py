"""Where a model can run: TensorFlow, XLA, LiteRT and ONNX Runtime, each as a function of no arguments."""

import importlib.util
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

Run = Callable[[], list[np.ndarray]]
NEEDED = {"litert": ("ai_edge_litert",), "onnx": ("onnxruntime", "tf2onnx")}
RUNTIMES = ("tensorflow", "xla", "litert", "onnx")


def missing(runtime: str) -> list[str]:
    """The packages that a runtime needs and that are not installed."""
    return [name for name in NEEDED.get(runtime, ()) if importlib.util.find_spec(name) is None]


def runner(runtime: str, model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    """One inference of a model, its inputs already in place."""
    return {"tensorflow": _tensorflow, "xla": _xla, "litert": _litert, "onnx": _onnx}[runtime](model, inputs)


def _tensorflow(model: keras.Model, inputs: Sequence[np.ndarray], jit_compile: bool = False) -> Run:
    graph = tf.function(lambda *x: model(x[0] if len(x) == 1 else list(x), training=False), jit_compile=jit_compile)
    tensors = [tf.constant(x) for x in inputs]
    return lambda: [graph(*tensors).numpy()]


def _xla(model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    return _tensorflow(model, inputs, jit_compile=True)


def _litert(model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    with _exported(model, "litert", ".tflite") as path:
        content = path.read_bytes()
    interpreter = Interpreter(model_content=content, num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    places = {tuple(place["shape"]): place["index"] for place in interpreter.get_input_details()}
    for x in inputs:
        interpreter.set_tensor(places[x.shape], x)
    output = interpreter.get_output_details()[0]["index"]

    def run() -> list[np.ndarray]:
        interpreter.invoke()
        return [interpreter.get_tensor(output)]

    return run


def _onnx(model: keras.Model, inputs: Sequence[np.ndarray]) -> Run:
    import onnxruntime

    with _exported(model, "onnx", ".onnx") as path:
        content = path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    places = {tuple(place.shape): place.name for place in session.get_inputs()}
    feed = {places[x.shape]: x for x in inputs}
    return lambda: session.run(None, feed)


@contextmanager
def _exported(model: keras.Model, form: str, suffix: str):
    """A file of the model in another form; what the converters print is shown only where they fail."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        path = Path(folder) / f"model{suffix}"
        kept = [os.dup(number) for number in (1, 2)]
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        try:
            inputs = [keras.InputSpec(shape=x.shape, dtype=x.dtype) for x in model.inputs]
            signature = inputs if len(inputs) == 1 else [inputs]
            model.export(path, format=form, verbose=False, input_signature=signature)
        except BaseException:
            said.seek(0)
            os.write(kept[1], said.read())
            raise
        finally:
            for number, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)
        yield path
