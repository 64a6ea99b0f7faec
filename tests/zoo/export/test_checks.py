"""Test that a request that cannot be exported is refused before TensorFlow starts."""

import os
import subprocess
import sys

import pytest

from tests.helpers.commands import ROOT

CODE = """
import sys
from zoo.__main__ import main
code = main(["export", *sys.argv[1:]])
assert "tensorflow" not in sys.modules
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("espcn_x3_subpixl", "x.onnx"),
            "'espcn_x3_subpixl' (did you mean espcn_x3_subpixel",
        ),
        (("espcn_x3_subpixel", "x.onx"), "x.onx must end in .tflite or .onnx"),
        (("own.keras", "x.onnx"), "own.keras is not a file"),
    ],
)
def test_a_mistake_is_reported_at_once(given, message, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *given], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
