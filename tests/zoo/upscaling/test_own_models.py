"""Enlarge pictures with a user's own models, whose operations are read, are tried, or look at the whole picture."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import zoo


@keras.saving.register_keras_serializable("tests")
class Blur(layers.Layer):
    """Average each pixel with its two neighbours in a row; nothing states how far it looks."""

    def call(self, inputs):
        padded = keras.ops.pad(inputs, ((0, 0), (0, 0), (1, 1), (0, 0)), "symmetric")
        return (padded[:, :, :-2] + padded[:, :, 1:-1] + padded[:, :, 2:]) / 3


def enlarging(inner, channels=3):
    image = keras.Input((None, None, channels))
    x = layers.Conv2D(4 * channels, 3, padding="same", bias_initializer="glorot_uniform")(image)
    return keras.Model(image, 0.5 + 0.1 * keras.ops.depth_to_space(inner(x), 2), name="own")


def attention(x):
    weights = layers.Dense(x.shape[-1], "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x))
    return x * weights


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def inside(model, picture, margin):
    """Return what a network makes of a picture that goes on as its mirror image."""
    beyond = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    values = model(beyond[None] / np.float32(255))[0].numpy()
    return np.clip(values[2 * margin : -2 * margin, 2 * margin : -2 * margin], 0, 1) * 255


def test_arithmetic_and_shuffles_of_keras_run_in_tiles():
    model, picture = enlarging(lambda x: x + 0.1 * keras.ops.relu(x)), noise(20, 150, 3)
    large = zoo.upscale(picture, model)
    assert np.abs(large - inside(model, picture, 1)).max() <= 0.501
    np.testing.assert_array_equal(zoo.upscale(picture, model, tile=7), large)


def test_how_far_a_custom_layer_looks_is_found_by_trying_and_said():
    model, picture = enlarging(Blur(name="blur")), noise(20, 150, 3)
    with pytest.warns(UserWarning, match="nothing states how far blur of own look.* 2 pixels around"):
        large = zoo.upscale(picture, model)
    assert np.abs(large - inside(model, picture, 2)).max() <= 0.501
    with pytest.warns(UserWarning, match="blur"):
        np.testing.assert_array_equal(zoo.upscale(picture, model, tile=7), large)


def test_networks_that_look_at_the_whole_picture_run_without_tiles():
    model, picture = enlarging(attention), noise(20, 30, 3)
    for tile in ("auto", 16):
        with pytest.raises(ValueError, match=r"mean, a GlobalAveragePooling2D.*; tile off enlarges the whole picture"):
            zoo.upscale(picture, model, tile=tile)
    expected = np.clip(model(picture[None] / np.float32(255))[0], 0, 1) * 255
    assert np.abs(zoo.upscale(picture, model, tile="off") - expected).max() <= 0.501
    transparent = np.concatenate([picture, noise(20, 30, 1)], -1)
    assert zoo.upscale(transparent, model, tile="off").shape == (40, 60, 4)


def test_the_command_takes_the_file_of_a_model(command, tmp_path):
    model, picture = enlarging(lambda x: x + 0.1 * keras.ops.relu(x)), noise(20, 30, 3)
    model.save(tmp_path / "own.keras")
    Image.fromarray(picture).save(tmp_path / "small.png")
    done = command("zoo", "upscale", tmp_path / "small.png", tmp_path / "large.png", "--model", tmp_path / "own.keras")
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "large.png")), zoo.upscale(picture, model))


@pytest.mark.parametrize(
    ("inner", "options", "message"),
    [
        (attention, (), "give --tile off to enlarge whole pictures at once"),
        (layers.Lambda(lambda x: x), (), "holds Python code (a Lambda layer), which is never run"),
        (layers.MaxPooling2D(4), (), "does not enlarge by an integer factor"),
        (layers.ReLU(), ("--import", "no_such_module"), "no_such_module cannot be imported"),
    ],
)
def test_a_model_that_cannot_be_used_is_bad_input(inner, options, message, command, tmp_path):
    enlarging(inner).save(tmp_path / "own.keras")
    Image.fromarray(noise(8, 8, 3)).save(tmp_path / "small.png")
    places = tmp_path / "small.png", tmp_path / "large.png"
    done = command("zoo", "upscale", *places, "--model", tmp_path / "own.keras", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "large.png").exists()


def test_a_network_that_changes_brightness_on_purpose_still_does():
    image = keras.Input((None, None, 1))
    brighter = layers.UpSampling2D(2)(keras.ops.clip(image + 0.2, 0.0, 1.0))
    grey = np.full((5, 6), 100, np.uint8)
    # In the range of luma, 0.2 is 0.2 * 255 / 219 of the way from black to white.
    np.testing.assert_allclose(zoo.upscale(grey, keras.Model(image, brighter)), 100 + 0.2 * 255 / 219 * 255, atol=0.51)
