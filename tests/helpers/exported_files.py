"""Read what exported files hold, with the formats' own schemas: weights, neighbours of shuffles, forms for GPUs."""

from collections.abc import Iterator
from typing import Any

import onnx

from zoo.system.keras_internals import litert_schema

SHUFFLES = ("DEPTH_TO_SPACE", "DepthToSpace")
_LAYOUTS = ([0, 2, 3, 1], [0, 3, 1, 2])
_Operation = tuple[str, list, list]
# CheckGpuDelegateCompatibility in tensorflow/lite/tools/versioning/gpu_compatibility.cc takes these, which networks on
# luma may need, without conditions that depend on how they are used.
_ON_GPUS = frozenset(
    [
        "ADD",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "DEPTH_TO_SPACE",
        "GATHER",
        "LEAKY_RELU",
        "LOGISTIC",
        "MAXIMUM",
        "MINIMUM",
        "MUL",
        "PAD",
        "PRELU",
        "RELU",
        "RELU_N1_TO_1",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "SPLIT",
        "STRIDED_SLICE",
        "SUB",
        "TANH",
        "TRANSPOSE_CONV",
    ]
)


def bytes_of_weights(content: bytes) -> int:
    """Return the bytes of the constants that the tensors of a LiteRT file refer to."""
    model = litert_schema().ModelT.InitFromPackedBuf(content, 0)
    buffers = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    return sum(len(model.buffers[each].data) for each in buffers if model.buffers[each].data is not None)


def refused_on_gpus(content: bytes) -> set[str]:
    """Return the operations of a LiteRT file that GPU delegates do not take: others, or of over four dimensions."""
    model = litert_schema().ModelT.InitFromPackedBuf(content, 0)
    shapes = [[tensor.shape for tensor in graph.tensors] for graph in model.subgraphs]
    return {
        name
        for name, inputs, outputs in _litert(content)
        if name not in _ON_GPUS
        or any(place >= 0 and len(_sizes(shapes[graph][place])) > 4 for graph, place in (*inputs, *outputs))
    }


def _sizes(shape: Any) -> Any:
    return () if shape is None else shape


def around_shuffles(content: bytes, kind: str) -> set[str]:
    """Return the names of the operations that make the input of a shuffle or take its output.

    A transposition in ONNX between rows, columns, channels and channels, rows, columns is called `layout`: ONNX puts
    the channels first, and the inputs and outputs of endpoints have them last.
    """
    operations = list(_litert(content) if kind == "litert" else _onnx(content))
    makers = {output: name for name, _, outputs in operations for output in outputs}
    pairs = [(makers[each], name) for name, inputs, _ in operations for each in inputs if each in makers]
    return {one for one, other in pairs if other in SHUFFLES} | {other for one, other in pairs if one in SHUFFLES}


def _litert(content: bytes) -> Iterator[_Operation]:
    schema = litert_schema()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [names[max(each.builtinCode, each.deprecatedBuiltinCode)] for each in model.operatorCodes]
    for number, graph in enumerate(model.subgraphs):
        for operation in graph.operators:
            places = [[(number, int(each)) for each in side] for side in (operation.inputs, operation.outputs)]
            yield codes[operation.opcodeIndex], *places


def _onnx(content: bytes) -> Iterator[_Operation]:
    for node in onnx.load_from_string(content).graph.node:
        order = next((list(each.ints) for each in node.attribute if each.name == "perm"), None)
        is_layout = node.op_type == "Transpose" and order in _LAYOUTS
        yield "layout" if is_layout else node.op_type, list(node.input), list(node.output)
