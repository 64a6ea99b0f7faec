"""Check that convolutions and shuffles become transposed convolutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import Shuffle, functional, kinds, noise, same_outputs, sequential
from zoo.convert import convert
from zoo.upsampling import PhaseBias, SubpixelConv2D


def by_operation(x):
    return ops.depth_to_space(x, 2)


def by_layer(x):
    return Shuffle(dtype=x.dtype)(x)


def by_lambda(x):
    return layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2), dtype=x.dtype)(x)


def by_operations(x):
    _, h, w, c = x.shape
    x = ops.transpose(ops.reshape(x, (-1, h, w, 2, 2, c // 4)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 2 * h, 2 * w, c // 4))


def by_layers(x):
    _, h, w, c = x.shape
    x = layers.Permute((1, 3, 2, 4, 5), dtype=x.dtype)(layers.Reshape((h, w, 2, 2, c // 4), dtype=x.dtype)(x))
    return layers.Reshape((2 * h, 2 * w, c // 4), dtype=x.dtype)(x)


def pixel_shuffle_by_operations(x):
    _, h, w, c = x.shape
    x = ops.transpose(ops.reshape(x, (-1, h, w, c // 4, 2, 2)), (0, 1, 4, 2, 5, 3))
    return ops.reshape(x, (-1, 2 * h, 2 * w, c // 4))


def pixel_shuffle_by_layers(x):
    """Shuffle as PyTorch writes it, channels first, between two transpositions."""
    _, h, w, c = x.shape
    x = layers.Permute((3, 1, 2), dtype=x.dtype)(x)
    x = layers.Permute((1, 4, 2, 5, 3), dtype=x.dtype)(layers.Reshape((c // 4, 2, 2, h, w), dtype=x.dtype)(x))
    return layers.Permute((2, 3, 1), dtype=x.dtype)(layers.Reshape((c // 4, 2 * h, 2 * w), dtype=x.dtype)(x))


@pytest.mark.parametrize(
    "shuffle",
    [
        by_operation,
        by_layer,
        by_lambda,
        by_operations,
        by_layers,
        pixel_shuffle_by_operations,
        pixel_shuffle_by_layers,
    ],
)
@pytest.mark.parametrize(
    ("size", "padding", "options", "between"),
    [
        (3, "same", {}, None),
        (3, "same", {"use_bias": False}, ops.relu),
        ((3, 5), "valid", {"activation": "tanh"}, None),
        ((2, 3), "same", {}, layers.LeakyReLU(0.1, dtype="float64")),
        (1, "same", {"activation": "gelu", "activity_regularizer": keras.regularizers.L2(0.1)}, None),
    ],
)
def test_written_by_hand_becomes_one_transposed_convolution(shuffle, size, padding, options, between):
    """Use three channels, because a wrong order would not show in one."""

    def make(x):
        x = layers.Conv2D(12, size, padding=padding, dtype="float64", name="hand", **options)(x)
        return shuffle(between(x) if between else x)

    model = functional(make)
    new, report = convert(model, "transpose")
    x = noise(2, 6, 5, 4)
    same_outputs(model, new, x)
    assert "Conv2D" not in kinds(new)
    assert type(new.get_layer("hand")) is layers.Conv2DTranspose
    assert ("PhaseBias" in kinds(new)) == options.get("use_bias", True)
    assert report.kept == ()
    assert report.multiply_adds_after == report.multiply_adds_before
    assert float(sum(new.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-12)
    moves = ("DepthToSpace", "Reshape", "Transpose", "Permute")
    assert not any(type(operation).__name__ in moves for operation in new.operations)


def test_a_bias_that_all_phases_share_is_the_layers_own():
    model = sequential(layers.Conv2D(12, 3, padding="same", dtype="float64", name="hand"), Shuffle(dtype="float64"))
    kernel, bias = model.get_weights()
    model.set_weights([kernel, np.tile(bias[:3], 4)])
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert kinds(new) == ["Conv2DTranspose"]


def test_other_moves_are_no_shuffle():
    """Check transpositions in one wrong order, and a shuffle whose middle is used elsewhere too."""

    def make(x):
        x = layers.Conv2D(12, 3, padding="same", dtype="float64")(x)
        wrong = ops.transpose(ops.reshape(x, (-1, 6, 5, 2, 2, 3)), (0, 1, 4, 2, 3, 5))
        return [ops.reshape(wrong, (-1, 12, 10, 3)), ops.mean(wrong)]

    model = functional(make)
    new, report = convert(model, "transpose")
    assert report.layers == ()
    same_outputs(model, new, noise(2, 6, 5, 4))

    def make_twice(x):
        x = ops.reshape(layers.Conv2D(12, 3, padding="same", dtype="float64")(x), (-1, 6, 5, 2, 2, 3))
        return [ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 12, 10, 3)), ops.mean(x)]

    model = functional(make_twice)
    new, report = convert(model, "transpose")
    assert "is used elsewhere too" in report.kept[0].reason
    same_outputs(model, new, noise(2, 6, 5, 4))


def test_a_shuffle_of_several_operations_is_named_when_it_stays():
    model = functional(lambda x: by_operations(layers.Conv2D(12, 3, padding="same", dtype="float64")(x)))
    _, report = convert(model, "subpixel")
    assert [layer.reason for layer in report.layers] == ["it is the shuffle of a sub-pixel convolution already"]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [3, (2, 4)])
@pytest.mark.parametrize("scale", [2, (1, 3)])
def test_subpixel_layers_with_a_bias_for_each_phase(size, scale, padding):
    options = {"phase_bias": True, "activation": "relu", "dtype": "float64"}
    model = sequential(SubpixelConv2D(3, size, scale, padding, **options))
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert "PhaseBias" in kinds(new)
    assert "SubpixelConv2D" not in kinds(new)


@pytest.mark.parametrize(
    ("size", "padding", "around", "crop"),
    [
        (3, "same", None, ((0, 1), (0, 1))),
        (2, "same", None, ((1, 0), (1, 0))),
        (2, "valid", 1, 1),
    ],
)
def test_a_crop_stays_behind_a_bias_for_each_phase(size, padding, around, crop):
    options = {"phase_bias": True, "activation": "relu", "dtype": "float64"}
    model = sequential(
        *([layers.ZeroPadding2D(around, dtype="float64")] if around else []),
        SubpixelConv2D(3, size, 2, padding, **options),
        layers.Cropping2D(crop, dtype="float64"),
    )
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert kinds(new)[-1] == "Cropping2D"
    assert "SubpixelConv2D" not in kinds(new)


def test_phase_bias_is_the_bias_before_the_shuffle():
    bias = noise(18)
    for data_format, axes in (("channels_last", (0, 1, 2, 3)), ("channels_first", (0, 3, 1, 2))):
        layer = PhaseBias((2, 3), data_format, dtype="float64")
        x = noise(2, 4, 6, 3)
        y = layer(np.transpose(x, axes))
        layer.set_weights([bias])
        y = layer(np.transpose(x, axes))
        expected = x + np.tile(bias.reshape(1, 2, 3, 3), (1, 2, 2, 1))
        np.testing.assert_allclose(y, np.transpose(expected, axes), rtol=1e-14)
        assert PhaseBias.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"known number of channels.*None"):
        PhaseBias(2, "channels_last").build((None, 4, 4, None))
