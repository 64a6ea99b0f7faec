"""Check that layers are measured in the runtime that they will run in."""

import re
import sys

import keras
import pytest
from keras import layers, ops

from tests.helpers.small_models import functional, kinds, noise, same_outputs
from zoo.convert import convert, measuring
from zoo.export import MissingPackageError


def decoder(x):
    x = layers.Conv2DTranspose(3, 3, 2, "same", name="small")(x)
    return layers.Conv2DTranspose(1, 9, 3, "same", name="head")(x)


@pytest.fixture
def short(monkeypatch):
    """Measure a few rounds."""
    monkeypatch.setattr(measuring, "_SECONDS", 0.0)
    monkeypatch.setattr(measuring, "_FEWEST", 3)


@pytest.mark.parametrize("runtime", ["xla", "litert"])
def test_layers_and_models_run_there(short, runtime):
    model = functional(decoder, dtype="float32")
    new, report = convert(model, "subpixel", measure=True, runtime=runtime)
    assert report.runtime == runtime
    assert report.seconds_before > 0
    assert report.seconds_after > 0
    assert all(row.seconds_before > 0 and row.seconds_after > 0 for row in report.layers)
    assert report.table().columns[-1].header == f"milliseconds, {runtime}"
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)
    # The original has its graph, as before.
    assert model.get_layer("small").output is model.get_layer("head").input


def test_layers_run_in_onnx_runtime(short):
    model = functional(lambda x: ops.depth_to_space(layers.Conv2D(12, 3, name="hand")(x), 2), dtype="float32")
    _, report = convert(model, "transpose", measure=True, runtime="onnx")
    assert report.layers[0].seconds_before > 0
    assert report.layers[0].reason == ""


def test_another_runtime_decides_otherwise(monkeypatch):
    """Replace what runs a model: there the head gains, and the small layer loses."""
    asked = []

    def runner(runtime, model, inputs):
        asked.append(runtime)
        (outputs,) = [keras.ops.shape(model(inputs[0]))]
        return lambda: outputs

    def medians(runs, *_):
        gain = 0.1 if runs[0]()[-1] == 1 else 10.0
        return {0: 1.0, 1: gain}, 3

    monkeypatch.setattr(measuring, "runner", runner)
    monkeypatch.setattr(measuring, "missing", lambda _: [])
    monkeypatch.setattr(measuring, "interleaved_medians", medians)
    new, report = convert(functional(decoder, dtype="float32"), "subpixel", when="faster", runtime="onnx")
    assert kinds(new) == ["Conv2DTranspose", "SubpixelConv2D"]
    assert [row.name for row in report.converted] == ["head"]
    assert set(asked) == {"onnx"}


def test_what_the_runtime_cannot_run_is_kept_with_its_reason(short):
    # LiteRT has no numbers of 64 bits in a convolution.
    model = functional(layers.Conv2DTranspose(3, 3, 2, "same", dtype="float64", name="up"))
    new, report = convert(model, "subpixel", when="faster", runtime="litert")
    assert report.kept[0].reason.startswith("litert cannot run it: ")
    assert "\n" not in report.kept[0].reason
    assert kinds(new) == ["Conv2DTranspose"]


def test_a_runtime_that_is_not_installed_is_named_at_once(monkeypatch, command, tmp_path):
    for name in ("onnxruntime", "tf2onnx"):
        monkeypatch.setitem(sys.modules, name, None)
    model = functional(decoder, dtype="float32")
    message = "measuring in onnx needs onnxruntime and tf2onnx: pip install '.[export]' in the folder of this project"
    with pytest.raises(MissingPackageError, match=re.escape(message)):
        convert(model, "subpixel", when="faster", runtime="onnx")
    model.save(tmp_path / "in.keras")
    options = ("convert", "in.keras", "out.keras", "--to", "subpixel", "--when", "faster", "--runtime")
    done = command("zoo", *options, "onnx")
    assert (done.returncode, done.stderr) == (2, f"python -m zoo convert: {message}\n")
    assert command("zoo", *options, "torch").returncode == 2
    for runtime, message in [("torch", "runtime='torch'"), ("litert", "give when='faster' or measure=True")]:
        with pytest.raises(ValueError, match=re.escape(message)):
            convert(model, "subpixel", runtime=runtime)
