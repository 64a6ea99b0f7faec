"""Convert a network to ONNX, and run it in ONNX Runtime."""

import json
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from zoo.arrays import Array
from zoo.formats.errors import ExportError, require
from zoo.formats.graph import portable
from zoo.formats.inputs import packed
from zoo.formats.onnx_dimensions import name_dimensions
from zoo.system.quiet_tensorflow import silent

PACKAGES = ("onnxruntime", "tf2onnx")
METADATA = "zoo"
"""The key of the facts about the network, as JSON, among an ONNX file's metadata."""

_OPSET = 17
_MISSING = re.compile(r"Tensorflow op \[\S+: (\w+)\] is not supported|tensorflow op (\w+) is not supported", re.I)


def to_onnx(
    network: keras.Model | Any,
    *,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a network as an ONNX file's content.

    Args:
        network: a `keras.Model`, whose inputs are shaped as it declares them, or a
            `tf.types.experimental.ConcreteFunction`.
        names: of the inputs and of the outputs. In ONNX an output cannot be called like an input; it is called
            `<name>_output` then.
        metadata: facts to store in the file, as JSON.

    Raises:
        MissingPackageError: tf2onnx is not installed.
        ExportError: ONNX has no form of one of the operations.
    """
    require("converting to ONNX", ["tf2onnx"])
    function = portable(_concrete(network) if isinstance(network, keras.Model) else network)
    logger = logging.getLogger("tf2onnx")
    level, messages = logger.level, _Messages()
    logger.addHandler(messages)
    try:
        with silent():
            model = _converted(function)
    # tf2onnx raises whatever its handler of an operation stumbles over.
    except Exception as error:
        raise ExportError(f"ONNX does not take this network: {_reason(messages.text, error)}") from error
    finally:
        logger.removeHandler(messages)
        logger.setLevel(level)
    if missing := _missing(messages.text):
        raise ExportError(f"ONNX does not take this network: it has no {missing}")
    if names:
        _rename(model, function, names)
    name_dimensions(model, function)
    if metadata:
        entry = model.metadata_props.add()
        entry.key, entry.value = METADATA, json.dumps(metadata)
    return model.SerializeToString()


def _converted(function: Any) -> Any:
    """Return the ONNX model of a concrete function without variables.

    tf2onnx repeats all its optimisers until none changes anything. One of them squeezes the result of a reshape behind
    it, and loses the squeeze where the reshape itself is an output of the graph; whether it comes to that depends on
    addresses in memory. So outputs keep the identities that stand in front of them until reshapes are done.
    """
    from tf2onnx import optimizer, tf_loader, tfonnx

    names = {
        "input_names": [each.name for each in function.inputs],
        "output_names": [each.name for each in function.outputs],
    }
    with tf.Graph().as_default():
        definition = tf_loader.tf_optimize(*names.values(), function.graph.as_graph_def())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        converted = tfonnx.process_tf_graph(graph, continue_on_error=True, opset=_OPSET, **names)
    for left_out in ("remove_identity", "reshape_optimizer"):
        optimisers = {name: each for name, each in optimizer._get_optimizers().items() if name != left_out}
        converted = optimizer.optimize_graph(converted, optimizers=optimisers)
    return converted.make_model("converted from TensorFlow")


class _Messages(logging.Handler):
    """Keep what tf2onnx logs, which names the operations that it does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage() + "\n"


def _concrete(model: keras.Model) -> Any:
    specs = [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
    function = tf.function(lambda *x: keras.tree.flatten(model(packed(model, x), training=False)))
    return function.get_concrete_function(*specs)


def _missing(text: str) -> str:
    return ", ".join(sorted({one or other for one, other in _MISSING.findall(text)}))


def _reason(text: str, error: Exception) -> str:
    if missing := _missing(f"{text}{error}"):
        return f"it has no {missing}"
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _rename(model: Any, function: Any, names: tuple[Sequence[str], Sequence[str]]) -> None:
    """Give inputs and outputs of an ONNX model other names, everywhere in its graph."""
    outputs = output_names(*names)
    old = [each.name for each in (*function.inputs, *function.outputs)]
    new = dict(zip(old, (*names[0], *outputs), strict=True))
    for node in model.graph.node:
        for places in (node.input, node.output):
            for number, name in enumerate(places):
                places[number] = new.get(name, name)
    for value in (*model.graph.input, *model.graph.output):
        value.name = new.get(value.name, value.name)


def output_names(inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """Return the names that outputs have in ONNX, where none may be called like an input."""
    return [f"{name}_output" if name in inputs else name for name in outputs]


def read_metadata(content: bytes) -> dict[str, Any]:
    """Return the facts that an ONNX file holds; an empty dict if it holds none of ours."""
    import onnx

    entries = onnx.load_from_string(content).metadata_props
    return next((json.loads(entry.value) for entry in entries if entry.key == METADATA), {})


def operations(content: bytes) -> Counter[str]:
    """Return how many operations of each kind an ONNX file holds, such as `DepthToSpace`."""
    import onnx

    return Counter(node.op_type for node in onnx.load_from_string(content).graph.node)


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
