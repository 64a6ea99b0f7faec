"""Run a LiteRT file in a process of its own first, because LiteRT's package may end the process that runs it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from zoo.formats.errors import ExportError, missing_packages

_PROGRAM = """
import json, sys
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1])
for place, shape in zip(interpreter.get_input_details(), json.loads(sys.argv[2])):
    interpreter.resize_tensor_input(place["index"], shape)
interpreter.allocate_tensors()
"""


def try_alone(content: bytes, shapes: Sequence[tuple[int, ...]]) -> None:
    """Return if LiteRT has kernels for a file, or raises an error of its own that can be caught.

    ai-edge-litert 2.3 frees memory twice where its kernels lack an operation in whole numbers, which ends the process.
    TensorFlow's copy of LiteRT does not.

    Args:
        content: a flatbuffer.
        shapes: of its inputs, in their order.

    Raises:
        ExportError: the process was ended.
    """
    if missing_packages(["ai_edge_litert"]):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.tflite"
        path.write_bytes(content)
        command = [sys.executable, "-c", _PROGRAM, str(path), json.dumps(shapes)]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode < 0:
        raise ExportError(
            "LiteRT has no kernels that compute all of this network in whole numbers, and ends the program that tries; "
            "take --quantise float16"
        )
