"""Test the exports of every published model, endpoint and format against the models themselves."""

import contextlib
import io

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.export import EXPORTERS, ExportError, export
from zoo.export.examples import random_inputs
from zoo.export.networks import open_network

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:[\\s\\S]*tf.lite.Interpreter is deprecated")]
REFUSED = ("serve_bytes", "sample")


@pytest.mark.parametrize("kind", sorted(EXPORTERS))
@pytest.mark.parametrize("name", zoo.list_models(pretrained=True))
def test_every_endpoint_computes_what_it_computes_in_tensorflow(tmp_path, name, kind):
    path = tmp_path / f"model{EXPORTERS[kind].suffix}"
    for endpoint in sorted(set(zoo.load_pretrained(name).signatures) - {"serving_default"}):
        if endpoint in REFUSED:
            with pytest.raises(ExportError, match=f"{EXPORTERS[kind].title} does not take .*it has no "):
                export(name, path, endpoint=endpoint, force=True)
            continue
        exported = export(name, path, endpoint=endpoint, force=True)
        network = open_network(name, endpoint)
        inputs = random_inputs(network.inputs, seed=1)
        outputs = EXPORTERS[kind].runner(path.read_bytes(), inputs)()
        for output, tensor in zip(outputs, network.call(*map(tf.constant, inputs)), strict=True):
            expected = tensor.numpy()
            if expected.dtype == np.uint8:
                assert np.abs(output.astype(int) - expected).max() <= 1, endpoint
            else:
                span = max(1.0, np.abs(expected).max())
                np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5 * span, err_msg=endpoint)
        shuffles = sum(exported.operations.get(each, 0) for each in ("DEPTH_TO_SPACE", "DepthToSpace"))
        if "subpixel" in name and endpoint not in ("encode",):
            assert shuffles > 0, endpoint
        if kind == "litert":
            assert "TRANSPOSE" not in exported.operations, endpoint


@pytest.mark.parametrize("name", zoo.list_models("*_x[234]_subpixel", pretrained=True))
def test_tensorflows_analyser_calls_networks_on_luma_compatible_with_gpus(tmp_path, name):
    export(name, tmp_path / "x.tflite", endpoint="serve_luma", size=(180, 320))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        content = (tmp_path / "x.tflite").read_bytes()
        tf.lite.experimental.Analyzer.analyze(model_content=content, gpu_compatibility=True)
    assert "Your model looks compatible with GPU delegate" in said.getvalue()
