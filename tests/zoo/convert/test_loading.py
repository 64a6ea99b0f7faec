"""Check that files of older versions of Keras, and models with custom layers, are converted; their code is not run."""

import importlib
import json
import re
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from tests.helpers.small_models import filled, noise
from zoo.upsampling import SubpixelConv2D

MODULE = """
import keras

class Tripled(keras.layers.Layer):
    def call(self, x):
        return 3 * x

def cubed(x):
    return x**3
"""


@pytest.fixture
def model():
    image = keras.Input((6, 5, 4), name="image")
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(image)
    return filled(keras.Model(image, layers.Conv2DTranspose(3, 4, 2, "same", activation="relu", name="up")(x)))


def with_groups(config, groups):
    """Write a configuration as Keras 2 did."""
    for layer in config["config"]["layers"]:
        if layer["class_name"] != "InputLayer":
            layer["config"]["groups"] = groups if layer["config"]["name"] == "up" else 1
    return json.dumps(config)


def save_as_keras_2(model, path, groups=1):
    model.save(path)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = with_groups(json.loads(file.attrs["model_config"]), groups)
        return
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = with_groups(json.loads(members["config.json"]), groups).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["old.h5", "old.keras"])
def test_files_of_keras_2_are_converted(command, tmp_path, model, name):
    save_as_keras_2(model, tmp_path / name)
    # Keras 3 itself refuses the file.
    with pytest.raises(Exception, match="groups"):
        keras.models.load_model(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    done = command("zoo", "convert", name, "new.keras", "--to", "subpixel")
    assert (done.returncode, done.stderr) == (0, "")
    new, x = keras.models.load_model(tmp_path / "new.keras"), noise(2, 6, 5, 4).astype("float32")
    np.testing.assert_allclose(new(x), model(x), rtol=1e-4, atol=1e-5)
    assert any(isinstance(layer, SubpixelConv2D) for layer in new.layers)
    assert (tmp_path / name).read_bytes() == before

    save_as_keras_2(model, tmp_path / f"grouped_{name}", groups=2)
    done = command("zoo", "convert", f"grouped_{name}", "other.keras", "--to", "subpixel")
    assert done.returncode == 2
    assert done.stderr.endswith("up, a Conv2DTranspose, has groups=2: in Keras 3 it has no groups\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"grouped_{name}", "new.keras"])


def harm():
    # The code writes a file where it runs.
    return layers.Lambda(lambda x: (__import__("pathlib").Path("ran").touch(), x + 1)[1], output_shape=(4,))


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("inner", [harm, lambda: keras.Sequential([keras.Input((4,)), harm()])])
def test_code_in_an_old_file_is_refused_and_not_run(command, tmp_path, monkeypatch, inner):
    monkeypatch.chdir(tmp_path)
    keras.Sequential([keras.Input((4,)), inner()]).save("code.h5")
    Path("ran").unlink(missing_ok=True)
    done = command("zoo", "convert", "code.h5", "new.keras", "--to", "subpixel")
    assert done.returncode == 2
    assert "code.h5 holds Python code (a Lambda layer), which is never run" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["code.h5"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.h5", b"no model", "text.h5 is not a model that Keras saved"),
        ("empty.keras", None, "empty.keras cannot be loaded: \"There is no item named 'config.json' in the archive\""),
        ("weights.h5", None, "weights.h5 holds no model, only weights: save the model itself"),
        ("broken.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "broken.h5 cannot be loaded: "),
    ],
)
def test_other_files_are_named_in_one_line(command, tmp_path, name, content, reason):
    if content:
        (tmp_path / name).write_bytes(content)
    elif name == "weights.h5":
        with h5py.File(tmp_path / name, "w") as file:
            file["kernel"] = np.zeros(3)
    else:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("metadata.json", "{}")
    done = command("zoo", "convert", name, "new.keras", "--to", "subpixel")
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_reason_is_the_innermost_one(command, tmp_path, model):
    inner = keras.Sequential([keras.Input((6, 5, 4)), model])
    inner.save(tmp_path / "in.keras")
    with zipfile.ZipFile(tmp_path / "in.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"output_padding"', b'"padding_of_output"')
    with zipfile.ZipFile(tmp_path / "in.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    done = command("zoo", "convert", "in.keras", "new.keras", "--to", "subpixel")
    assert done.returncode == 2
    assert done.stderr == (
        "python -m zoo convert: in.keras cannot be loaded: Unrecognized keyword arguments passed to Conv2DTranspose: "
        "{'padding_of_output': None}\n"
    )


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_module_with_custom_layers_is_imported_if_it_is_named(command, tmp_path, monkeypatch, suffix):
    (tmp_path / "my_layers.py").write_text(MODULE)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(tmp_path)
        mine = importlib.import_module("my_layers")
    monkeypatch.delitem(sys.modules, "my_layers")
    image = keras.Input((6, 5, 4))
    x = layers.Conv2DTranspose(3, 4, 2, "same", activation=mine.cubed, name="up")(image)
    model = filled(keras.Model(image, mine.Tripled(name="tripled")(x)))
    model.save(tmp_path / f"in{suffix}")

    done = command("zoo", "convert", f"in{suffix}", "new.keras", "--to", "subpixel")
    assert done.returncode == 2
    assert re.search("Could not locate|Unknown", done.stderr)
    assert done.stderr.endswith("; name the module that defines it with --import\n")
    done = command("zoo", "convert", f"in{suffix}", "new.keras", "--to", "subpixel", "--import", "my_layers")
    assert (done.returncode, done.stderr) == (0, "")
    new = keras.models.load_model(tmp_path / "new.keras", custom_objects={"Tripled": mine.Tripled, "cubed": mine.cubed})
    x = noise(2, 6, 5, 4).astype("float32")
    np.testing.assert_allclose(new(x), model(x), rtol=1e-3, atol=1e-4)
    assert "my_layers" in sys.modules
    assert str(tmp_path) not in sys.path


def test_a_module_that_cannot_be_imported_is_named(command, tmp_path, model):
    model.save(tmp_path / "in.keras")
    (tmp_path / "faulty.py").write_text("1 / 0")
    for name, reason in [
        ("nowhere", "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("faulty", "faulty cannot be imported: ZeroDivisionError: division by zero"),
    ]:
        done = command("zoo", "convert", "in.keras", "new.keras", "--to", "subpixel", "--import", name)
        assert done.returncode == 2
        assert done.stderr == f"python -m zoo convert: {reason}\n"
