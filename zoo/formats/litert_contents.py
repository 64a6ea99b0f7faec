"""Read and change the contents of a LiteRT flatbuffer: its signature, its metadata and its operations."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np

from zoo.system.keras_internals import litert_schema

METADATA = "zoo"
"""The name of the part of a flatbuffer that holds facts about the network, as JSON."""

_IDENTIFIER = b"TFL3"


def with_signature(
    content: bytes, names: tuple[Sequence[str], Sequence[str]] | None, facts: Mapping[str, Any]
) -> bytes:
    """Return a flatbuffer with the names of its inputs and outputs, and with facts.

    Args:
        content: the flatbuffer.
        names: of the inputs and of the outputs, as `get_signature_runner` takes and returns them; None keeps them.
        facts: what JSON can hold.
    """
    if not names and not facts:
        return content
    schema = litert_schema()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    if names:
        graph = model.subgraphs[0]
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
        signature.inputs = _tensor_maps(schema, names[0], graph.inputs)
        signature.outputs = _tensor_maps(schema, names[1], graph.outputs)
        model.signatureDefs = [signature]
    if facts:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        model.buffers.append(buffer)
        entry = schema.MetadataT()
        entry.name, entry.buffer = METADATA.encode(), len(model.buffers) - 1
        model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def _tensor_maps(schema: Any, names: Sequence[str], places: Sequence[int]) -> list[Any]:
    maps = []
    for name, place in zip(names, places, strict=True):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), int(place)
        maps.append(entry)
    return maps


def read_metadata(content: bytes) -> dict[str, Any]:
    """Return the facts that a flatbuffer holds; an empty dict if it holds none of ours."""
    model = litert_schema().ModelT.InitFromPackedBuf(content, 0)
    for entry in model.metadata or []:
        if entry.name == METADATA.encode():
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return {}


def operations(content: bytes) -> Counter[str]:
    """Return how many operations of each kind a flatbuffer holds, such as `DEPTH_TO_SPACE`."""
    schema = litert_schema()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]
    return Counter(codes[operator.opcodeIndex] for graph in model.subgraphs for operator in graph.operators)
