"""Test the exports of every published model, endpoint and format against the models themselves."""

import contextlib
import io

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers.exported_files import SHUFFLES, around_shuffles, refused_on_gpus
from zoo.export import EXPORTERS, ExportError, export
from zoo.export.examples import random_inputs
from zoo.export.networks import open_network

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:[\\s\\S]*tf.lite.Interpreter is deprecated")]
REFUSED = ("serve_bytes", "sample")
OTHER_FORMS = {"RESHAPE", "TRANSPOSE", "BATCH_TO_SPACE_ND", "Reshape", "Transpose"}


@pytest.mark.parametrize("name", zoo.list_models(pretrained=True))
def test_every_endpoint_computes_what_it_computes_in_tensorflow_and_shuffles_by_one_operation(tmp_path, name):
    for endpoint in sorted(set(zoo.load_pretrained(name).signatures) - {"serving_default"}):
        if endpoint in REFUSED:
            for kind, exporter in EXPORTERS.items():
                path = tmp_path / f"model{exporter.suffix}"
                with pytest.raises(ExportError, match=f"{exporter.title} does not take .*it has no "):
                    export(name, path, endpoint=endpoint)
                assert not path.exists(), kind
            continue
        network = open_network(name, endpoint)
        inputs = [smoothed(each) for each in random_inputs(network.inputs, seed=1)]
        expected = [each.numpy() for each in network.call(*map(tf.constant, inputs))]
        for kind, exporter in EXPORTERS.items():
            where = f"{endpoint} in {kind}"
            exported = export(name, tmp_path / f"{endpoint}{exporter.suffix}", endpoint=endpoint)
            content = exported.path.read_bytes()
            check_outputs(exporter.runner(content, inputs)(), expected, where)
            shuffles = sum(exported.operations.get(each, 0) for each in SHUFFLES)
            if "subpixel" in name and endpoint != "encode":
                assert shuffles > 0, where
            assert not OTHER_FORMS & around_shuffles(content, kind), where
            # With the channels last, nothing else in these networks transposes.
            assert "TRANSPOSE" not in exported.operations, where


def smoothed(x):
    """Average noise in 0..1 over 4x4 pixels: no picture is as rough as noise, where sums of floats differ more."""
    if x.ndim < 4 or x.dtype == np.uint8:
        return x
    return np.mean([np.roll(x, (down, across), (1, 2)) for down in range(4) for across in range(4)], 0, x.dtype)


def check_outputs(outputs, expected, where):
    """Compare outputs with TensorFlow's: one grey level, or 1e-5 of the range."""
    for one, other in zip(outputs, expected, strict=True):
        assert one.dtype == other.dtype, where
        if other.dtype == np.uint8:
            assert np.abs(one.astype(int) - other).max() <= 1, where
        else:
            span = max(1.0, np.abs(other).max())
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * span, err_msg=where)


@pytest.mark.parametrize("name", zoo.list_models("*_x[234]_*", pretrained=True))
def test_networks_on_luma_are_compatible_with_gpus(tmp_path, name):
    export(name, tmp_path / "x.tflite", endpoint="serve_luma", size=(180, 320))
    content = (tmp_path / "x.tflite").read_bytes()
    # The analyser of TensorFlow 2.21 refuses nothing, not even a loop, so its source's own list is checked too.
    assert refused_on_gpus(content) == set()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        tf.lite.experimental.Analyzer.analyze(model_content=content, gpu_compatibility=True)
    assert "Your model looks compatible with GPU delegate" in said.getvalue()
