"""Test `zoo.export.export` and `python -m zoo export` with small models: what is written, compared and refused."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from tests.helpers.exported_files import bytes_of_weights
from zoo.export import EXPORTERS, ExportError, export
from zoo.export import exporting as module
from zoo.models import build_model


@pytest.fixture
def pictures(tmp_path):
    """Eight smooth pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rows, columns = np.mgrid[0:40, 0:50] / 40
    for number in range(8):
        wave = 128 + 100 * np.sin((number + 1) * rows + 3 * columns)
        Image.fromarray(np.stack([wave, wave[::-1], wave[:, ::-1]], -1).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("kind", sorted(EXPORTERS))
def test_rgb_of_any_size_is_the_published_models_with_facts_and_names(enlarging, tmp_path, kind):
    path = tmp_path / f"sesr{EXPORTERS[kind].suffix}"
    exported = export("sesr_x2_subpixel", path)
    content = path.read_bytes()
    assert (exported.path, exported.format, exported.psnr) == (path, kind, None)
    image = np.random.default_rng(1).random((3, 9, 41, 3), np.float32)
    (output,) = EXPORTERS[kind].runner(content, [image])()
    expected = zoo.load_pretrained("sesr_x2_subpixel").serve(image=tf.constant(image))["image"]
    np.testing.assert_allclose(output, expected, atol=1e-5)
    assert exported.difference < 1e-5
    facts = EXPORTERS[kind].metadata(content)
    assert (facts["name"], facts["endpoint"], facts["scale"]) == ("sesr_x2_subpixel", "serve", 2)
    image_of_any_size = {"shape": [None, None, None, 3], "dtype": "float32", "range": [0.0, 1.0]}
    assert facts["inputs"] == {"image": image_of_any_size}
    # The network's, the flat response's, and chroma's.
    assert exported.operations["DepthToSpace" if kind == "onnx" else "DEPTH_TO_SPACE"] == 3


@pytest.mark.filterwarnings("ignore:[\\s\\S]*tf.lite.Interpreter is deprecated")
def test_names_are_those_of_the_endpoint_where_the_format_allows_it(enlarging, tmp_path):
    import onnx

    for suffix in (".tflite", ".onnx"):
        export("espcn_x3_subpixel", tmp_path / f"x{suffix}", endpoint="serve_luma", size=(12, 20))
    interpreter = tf.lite.Interpreter(model_content=(tmp_path / "x.tflite").read_bytes())
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["image"]}}
    assert list(interpreter.get_input_details()[0]["shape_signature"]) == [1, 12, 20, 1]
    assert list(interpreter.get_output_details()[0]["shape_signature"]) == [1, 36, 60, 1]
    graph = onnx.load(tmp_path / "x.onnx").graph
    assert ([each.name for each in graph.input], [each.name for each in graph.output]) == (["image"], ["image_output"])


@pytest.mark.parametrize("kind", ["keras", "folder", "model"])
def test_a_users_own_model_is_taken_in_each_form(tmp_path, kind):
    keras.utils.set_random_seed(0)
    model = build_model("espcn_x2_subpixel", filters=4, narrow=4)
    source = {"keras": tmp_path / "own.keras", "folder": tmp_path / "own", "model": model}[kind]
    if kind == "keras":
        model.save(source)
    elif kind == "folder":
        model.export(source, verbose=False)
    exported = export(source, tmp_path / "own.tflite")
    image = np.random.default_rng(1).random((1, 6, 7, 1), np.float32)
    (output,) = EXPORTERS["litert"].runner(exported.path.read_bytes(), [image])()
    np.testing.assert_allclose(output, np.asarray(model(image)), atol=1e-5)
    assert exported.operations["DEPTH_TO_SPACE"] == 1
    assert not {"RESHAPE", "TRANSPOSE"} & set(exported.operations)


def test_a_sequential_model_is_taken(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2D(3, 3, name="convolution")])
    exported = export(model, tmp_path / "sequential.tflite")
    image = np.random.default_rng(1).random((1, 4, 4, 2), np.float32)
    (output,) = EXPORTERS["litert"].runner(exported.path.read_bytes(), [image])()
    np.testing.assert_allclose(output, np.asarray(model(image)), atol=1e-5)


def test_weights_of_16_and_8_bits(tmp_path, pictures):
    keras.utils.set_random_seed(0)
    model = build_model("espcn_x2_subpixel", filters=16, narrow=8)
    sizes = {}
    for quantise in (None, "float16", "int8", "int16"):
        path = tmp_path / f"{quantise}.tflite"
        calibrate = pictures if quantise in ("int8", "int16") else None
        exported = export(model, path, quantise=quantise, calibrate=calibrate, size=(40, 50))
        sizes[quantise] = bytes_of_weights(path.read_bytes())
        assert (exported.psnr is None) == (calibrate is None)
        if calibrate:
            # It is no copy of the original, but near it.
            assert 30 < exported.psnr < 100
    assert sizes[None] >= 4 * model.count_params()
    assert 0.5 <= sizes["float16"] / sizes[None] < 0.55
    # Biases stay in 32 or 64 bits.
    assert 0.25 <= sizes["int8"] / sizes[None] < 0.4
    assert 0.25 <= sizes["int16"] / sizes[None] < 0.4


def test_a_repetition_is_quantised_to_16_bits(tmp_path, pictures):
    image = keras.Input((None, None, 1))
    large = keras.layers.UpSampling2D(2)(keras.layers.Conv2D(2, 3, padding="same")(image))
    exported = export(
        keras.Model(image, large), tmp_path / "x.tflite", quantise="int16", calibrate=pictures, size=(8, 9)
    )
    assert exported.operations["RESIZE_NEAREST_NEIGHBOR"] == 1
    assert exported.psnr > 50


def test_pictures_that_cannot_be_read_are_left_out_of_the_calibration(command, tmp_path, pictures):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"nothing")
    image = keras.Input((None, None, 1))
    keras.Model(image, keras.layers.Conv2D(2, 3)(image)).save(tmp_path / "own.keras")
    arguments = ("zoo", "export", "own.keras", "x.tflite", "--quantise", "int8", "--calibrate", "mixed")
    done = command(*arguments)
    assert done.returncode == 2
    assert "mixed holds no pictures that can be read to calibrate with: mixed/broken.png is not" in done.stderr
    shutil.copy(sorted(pictures.iterdir())[0], folder)
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith("python -m zoo export: left out: mixed/broken.png is not a picture")
    assert second == "python -m zoo export: pictures to calibrate with: 1 read, 1 left out"
    assert "PSNR against the original" in done.stdout


def test_a_file_that_does_not_run_is_one_line(tmp_path, monkeypatch):
    def broken(content, inputs):
        raise RuntimeError("Type 'INT16' is not supported by tile.Node number 45 (TILE) failed to invoke.\nmore")

    exporter = EXPORTERS["litert"]
    monkeypatch.setitem(module.EXPORTERS, "litert", module.Exporter(**{**vars(exporter), "runner": broken}))
    image = keras.Input((4, 4, 1))
    with pytest.raises(ExportError, match=r"LiteRT does not run the file of serve of .*: Type 'INT16' .* invoke\.$"):
        export(keras.Model(image, keras.layers.ReLU()(image)), tmp_path / "x.tflite")
    assert not list(tmp_path.iterdir())


def test_a_file_that_computes_something_else_never_appears(enlarging, tmp_path, monkeypatch):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"before")
    exporter = EXPORTERS["litert"]

    def wrong(content, inputs):
        run = exporter.runner(content, inputs)
        return lambda: [output + 0.01 for output in run()]

    monkeypatch.setitem(module.EXPORTERS, "litert", module.Exporter(**{**vars(exporter), "runner": wrong}))
    with pytest.raises(ExportError, match=r"computes other outputs than serve_luma .*differ by 0.01 of the range"):
        export("sesr_x2_subpixel", path, endpoint="serve_luma", force=True)
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["x.tflite"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sesr_x2_subpixel", "x.pb"), "x.pb must end in .tflite or .onnx, which decides the format"),
        (("sesr_x2_subpixel", "x.onnx", "--to", "litert"), "x.onnx ends as a file of onnx does, not of litert"),
        (("sesr_x2_subpixel", "old.tflite"), "old.tflite exists; replace it with --force"),
        (("sesr_x2_subpixel", "no/x.tflite"), "/no is not a folder"),
        (("sesr_x2_subpixel", "x.tflite", "--quantise", "int8"), "int8 needs --calibrate with a folder of pictures"),
        (("sesr_x2_subpixel", "x.onnx", "--quantise", "float16"), "float16 is for LiteRT"),
        (
            ("sesr_x2_subpixel", "x.tflite", "--endpoint", "x"),
            "has no endpoint 'x'; choose from serve, serve_bytes",
        ),
        (("sesr_x2_subpixel", "x.tflite", "--endpoint", "serve_bytes"), "no operations that decode PNG and JPEG"),
        (("sesr_x2_subpixel", "x.tflite", "--size", "0x3"), "'0x3' is not HEIGHTxWIDTH in pixels, such as --size 1"),
        (("sesr_x9_subpixel", "x.tflite"), "there is no published model 'sesr_x9_subpixel'"),
        (("empty", "x.tflite"), "empty is a folder without a SavedModel"),
        (("no.keras", "x.tflite"), "no.keras is not a file"),
    ],
)
def test_what_cannot_be_exported_is_one_line(enlarging, command, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.tflite").write_bytes(b"old")
    done = command("zoo", "export", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty", "old.tflite"]


def test_the_command_says_how_much_the_file_differs(enlarging, command, tmp_path):
    done = command("zoo", "export", "espcn_x3_subpixel", "x.onnx", "--endpoint", "serve_luma", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    assert "x.onnx: " in done.stdout
    assert "2 shuffles; largest difference from the original " in done.stdout


def test_random_numbers_are_refused_with_what_is_missing(tmp_path):
    latents = keras.Input((4,), name="latent")
    model = keras.Model(latents, keras.layers.Dense(3)(latents))
    module_to_save = tf.Module()
    module_to_save.model = model

    @tf.function(input_signature=[tf.TensorSpec((), tf.int64, "seed")])
    def sample(seed):
        draws = tf.random.stateless_normal([2, 4], tf.stack([seed, 0]), alg="philox")
        return {"image": model(draws)}

    @tf.function(input_signature=[tf.TensorSpec((2, 4), tf.float32, "latent")])
    def serve(latent):
        return {"image": model(latent)}

    tf.saved_model.save(module_to_save, tmp_path / "saved", signatures={"sample": sample, "serve": serve})
    reason = "sample of saved, which draws random latents: export serve instead and draw the latents yourself"
    for suffix in (".tflite", ".onnx"):
        with pytest.raises(ExportError, match=rf"does not take {reason} \(it has no .*StatelessRandomNormalV2"):
            export(tmp_path / "saved", tmp_path / f"x{suffix}", endpoint="sample")


def test_facts_are_json(enlarging, tmp_path):
    exported = export("espcn_x4_resize", tmp_path / "x.tflite", endpoint="serve_luma")
    assert json.dumps(EXPORTERS["litert"].metadata(exported.path.read_bytes()))
