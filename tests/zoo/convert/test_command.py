import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from zoo.__main__ import main
from zoo.convert import command
from zoo.layers.collapsible_conv2d import CollapsibleConv2D
from zoo.layers.latent_mode import Mode
from zoo.layers.spectral_conv2d import SpectralConv2D
from zoo.upsampling import Conv2DTranspose, SubpixelConv2D

# Plain Keras, in a process that knows nothing of this project.
ELSEWHERE = """
import keras, numpy as np, os
keras.utils.set_random_seed(1)
image = x = keras.Input((None, None, 3), name="image")
x = keras.layers.Conv2DTranspose(8, 4, 2, "same", activation="relu", name="up1")(x)
x = keras.layers.Conv2DTranspose(8, 3, 2, "same", use_bias=False, name="up2")(x)
x = keras.layers.BatchNormalization(name="norm")(x)
x = keras.layers.Conv2DTranspose(3, 9, 3, "same", activation="sigmoid", name="up3")(x)
model = keras.Model(image, x, name="decoder")
model.compile("adam", "mse")
model.save("in.keras")
x = np.random.default_rng(0).random((2, 5, 6, 3), "float32")
np.savez("pair.npz", x=x, y=model(x))
# Code that would run if a model were loaded with its code.
code = lambda x: (open("ran", "w"), x + 1)[1]
harm = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(code)])
harm.save("lambda.keras")
keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), harm]).save("nested.keras")
os.remove("ran")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("elsewhere")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=made, env=clean, check=True, capture_output=True)
    (made / "text.keras").write_text("no model")
    return made


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Return arguments for a model of one layer in the working folder."""
    monkeypatch.chdir(tmp_path)
    keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2DTranspose(2, 2, 2)]).save("in.keras")
    return "in.keras", "new.keras", "--to", "subpixel", "--saved-model", "served"


def test_a_layer_stays_one_layer_on_request(small):
    assert main(["convert", *small, "--form", "layer"]) == 0
    (layer,) = keras.models.load_model("new.keras", safe_mode=True).layers
    assert type(layer) is Conv2DTranspose
    x = np.random.default_rng(0).random((1, 4, 4, 2), "float32")
    served = tf.saved_model.load("served")
    np.testing.assert_allclose(served.serve(x), keras.models.load_model("in.keras")(x), atol=1e-6)


# The file holds an optimiser that was never used.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer:UserWarning:keras")
def test_converts_a_file_from_elsewhere_and_back(command_process, folder, monkeypatch, capsys):
    done = command_process(
        "zoo", "convert", "in.keras", "out.keras", "--to", "subpixel", "--saved-model", "served", folder=folder
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "4x4 to 2x2" in done.stdout
    # The model leaves its size open, so there is a reason in place of a column.
    assert [line for line in done.stdout.splitlines() if "multiply-adds" in line] == [
        "multiply-adds are not counted: the input's size is open; give one, as in --input-shape 64,64,3"
    ]
    assert "written to out.keras" in done.stdout
    assert "to load it: import zoo.upsampling; keras.models.load_model('out.keras')" in done.stdout
    pair = np.load(folder / "pair.npz")
    model = keras.models.load_model(folder / "out.keras", safe_mode=True)
    np.testing.assert_allclose(model(pair["x"]), pair["y"], atol=1e-6)
    assert [layer.name for layer in model.layers if layer.weights] == ["up1_convolution", "up2", "norm", "up3"]
    assert not any(isinstance(layer, keras.layers.Conv2DTranspose) for layer in model.layers)
    assert sum(isinstance(layer, SubpixelConv2D) for layer in model.layers) == 3
    served = tf.saved_model.load(str(folder / "served"))
    np.testing.assert_allclose(served.serve(pair["x"]), pair["y"], atol=1e-6)

    options = ("--to", "transpose", "--input-shape", "8,8,3", "--measure")
    monkeypatch.chdir(folder)
    assert main(["convert", "out.keras", "back.keras", *options]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    # 4x4 from 3 to 8 channels on 8x8 pixels, and the time of each layer.
    assert "24,576 to 24,576" in printed.out
    assert "milliseconds" in printed.out
    before, after = (keras.models.load_model(folder / name) for name in ("in.keras", "back.keras"))
    for a, b in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    left = sorted(path.name for path in folder.iterdir())
    made = ["in.keras", "lambda.keras", "nested.keras", "pair.npz", "text.keras"]
    assert left == sorted([*made, "back.keras", "out.keras", "served"])


def test_converts_models_with_any_layer_of_the_project(command, tmp_path):
    latent = keras.Input((8,))
    x = keras.layers.Reshape((2, 2, 4))(Mode()(latent))
    x = CollapsibleConv2D(4, 3, width=8)(SpectralConv2D(4, 3)(x))
    model = keras.Model(latent, SubpixelConv2D(3, 3, 2, name="up")(x))
    model.save(tmp_path / "in.keras")
    done = command("zoo", "convert", "in.keras", "out.keras", "--to", "transpose")
    assert (done.returncode, done.stderr) == (0, "")
    new, code = keras.models.load_model(tmp_path / "out.keras"), np.random.default_rng(0).random((2, 8), "float32")
    assert isinstance(new.get_layer("up"), keras.layers.Conv2DTranspose)
    np.testing.assert_allclose(new(code), model(code), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.keras", "new.keras", "--to", "subpixel"), "nowhere.keras is not a file"),
        (("text.keras", "new.keras", "--to", "subpixel"), "text.keras is not a model that Keras saved"),
        (("pair.npz", "new.keras", "--to", "subpixel"), "pair.npz must end with .keras"),
        (("lambda.keras", "new.keras", "--to", "subpixel"), "lambda.keras holds Python code (a Lambda layer)"),
        (("nested.keras", "new.keras", "--to", "subpixel"), "nested.keras holds Python code (a Lambda layer)"),
        (("in.keras", "in.keras", "--to", "subpixel"), "in.keras is the model itself"),
        (("in.keras", "text.keras", "--to", "subpixel"), "text.keras exists; replace it with --force"),
        (("in.keras", "new.h5", "--to", "subpixel"), "new.h5 must end with .keras"),
        (("in.keras", "none/new.keras", "--to", "subpixel"), "none is not a folder"),
        (("in.keras", "new.keras", "--to", "subpixel", "--saved-model", "text.keras"), "text.keras exists and is no"),
        (("in.keras", "new.keras", "--to", "resize"), "'resize' is not one of subpixel, transpose"),
        (("in.keras", "new.keras"), "--to"),
        (("in.keras", "new.keras", "--to", "subpixel", "--input-shape", "8,8,4"), "input_shape=(8, 8, 4) does not fit"),
        (("in.keras", "new.keras", "--to", "subpixel", "--input-shape", "8,x"), "'8,x' is not a list of sizes"),
        (("in.keras", "new.keras", "--to", "subpixel", "--when", "faster"), "give input_shape"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    try:
        code = main(["convert", *arguments])
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert said.count("\n") == 1
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def _full(*_, **__):
    raise OSError(28, "No space left on device")


def _full_for_tensorflow(*_, **__):
    raise tf.errors.UnknownError(None, None, "variables.data: No space left on device\nand more")


@pytest.mark.parametrize(
    ("place", "name", "fault", "message"),
    [
        (keras.Model, "save", _full, "No space left on device"),
        (keras.Model, "export", _full_for_tensorflow, "variables.data: No space left on device"),
        (os, "link", "another", "File exists"),
        (Path, "rename", _full, "No space left on device"),
    ],
)
def test_a_failed_write_is_one_line_and_leaves_neither_file_nor_folder(
    small, monkeypatch, capsys, place, name, fault, message
):
    if fault == "another":
        right = os.link

        def fault(source, target):
            target.write_text("another's")
            right(source, target)

    monkeypatch.setattr(place, name, fault)
    assert main(["convert", *small]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    left = {path.name: path.stat().st_size for path in Path().iterdir()}
    assert left.pop("new.keras", None) == (len("another's") if name == "link" else None)
    assert list(left) == ["in.keras"]


def test_force_replaces_both_or_leaves_both(small, monkeypatch, capsys):
    old = Path("new.keras"), Path("served") / "saved_model.pb"
    Path("served").mkdir()
    for path in old:
        path.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full)
        assert main(["convert", *small, "--force"]) == 1
    assert [path.read_text() for path in old] == ["old", "old"]
    assert main(["convert", *small]) == 2
    assert "new.keras exists; replace it with --force" in capsys.readouterr().err
    assert main(["convert", *small, "--force"]) == 0
    assert isinstance(keras.models.load_model("new.keras").layers[-1], SubpixelConv2D)
    assert tf.saved_model.load("served").serve(np.zeros((1, 4, 4, 2), np.float32)).shape == (1, 8, 8, 2)
    assert sorted(path.name for path in Path().iterdir()) == ["in.keras", "new.keras", "served"]


@pytest.mark.parametrize("name", ["n" * 249 + ".keras", "two\nlines.keras", os.fsdecode(b"caf\xe9.keras")])
def test_every_name_can_be_written(small, name):
    source, _, *rest = small
    folder = name.removesuffix(".keras")
    assert main(["convert", source, name, *rest[:-1], folder]) == 0
    assert keras.models.load_model(name).output_shape == (None, 8, 8, 2)
    assert sorted(path.name for path in Path().iterdir()) == sorted(["in.keras", name, folder])


def test_file_systems_without_links_get_both(small, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert main(["convert", *small]) == 0
    assert sorted(path.name for path in Path().iterdir()) == ["in.keras", "new.keras", "served"]
    assert isinstance(keras.models.load_model("new.keras").layers[-1], SubpixelConv2D)


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (ValueError("up cannot be converted: its output would differ\nand more"), 2, "its output would differ"),
        (TypeError("one\ntwo"), 1, "in.keras cannot be converted: TypeError: one"),
        (KeyError("name"), 1, "in.keras cannot be converted: KeyError: 'name'"),
    ],
)
def test_any_failure_is_one_line_and_leaves_nothing(small, monkeypatch, capsys, fault, code, message):
    def fails(*_, **__):
        raise fault

    monkeypatch.setattr(command, "convert", fails)
    assert main(["convert", *small]) == code
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["in.keras"]


def test_what_was_not_compared_is_said(command, tmp_path):
    # TensorFlow cannot run the second layer at all.
    stack = [layers.Conv2DTranspose(3, 2, 2, name="up"), layers.Conv2DTranspose(3, 4, 2, "same", output_padding=0)]
    keras.Sequential([keras.Input((4, 4, 2)), *stack]).save(tmp_path / "in.keras")
    done = command("zoo", "convert", "in.keras", "new.keras", "--to", "subpixel")
    assert (done.returncode, done.stderr) == (0, "")
    assert "in.keras was not compared with the new model: TensorFlow cannot run it" in done.stdout
