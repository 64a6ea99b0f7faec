"""Check that up-sampling and a convolution become one convolution, with the same borders."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import filled, functional, kinds, noise, relative, same_outputs, sequential
from zoo.convert import convert
from zoo.upsampling import ResizeConv2D


def by_layer(x):
    return layers.UpSampling2D(2, dtype=x.dtype)(x)


def by_operation(x):
    return ops.image.resize(x, (12, 10), "nearest")


def by_repeats(x):
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def by_lambda(x):
    return layers.Lambda(lambda y: tf.image.resize(y, (12, 10), "nearest"), dtype=x.dtype)(x)


def by_two_layers(x):
    x = layers.ReLU(dtype=x.dtype)(layers.UpSampling2D((2, 1), dtype=x.dtype)(x))
    return layers.UpSampling2D((1, 2), dtype=x.dtype)(x)


ENLARGING = [by_layer, by_operation, by_repeats, by_lambda, by_two_layers]


@pytest.mark.parametrize("to", ["subpixel", "transpose"])
@pytest.mark.parametrize("enlarge", ENLARGING)
def test_what_enlarges_becomes_part_of_the_convolution(enlarge, to):
    model = functional(lambda x: layers.Conv2D(3, 3, padding="same", dtype="float64", name="conv")(enlarge(x)))
    new, report = convert(model, to)
    same_outputs(model, new, noise(2, 6, 5, 4))
    expected = {"subpixel": ["ZeroPadding2D", "SubpixelConv2D", "Cropping2D"], "transpose": ["Conv2DTranspose"]}
    assert [kind for kind in kinds(new) if kind != "ReLU"] == expected[to]
    (row,) = report.layers
    assert (row.name, row.kind, row.stride) == ("conv", "Conv2D", (2, 2))
    # 16 in place of 36 products per pixel of the input, for each of 4 * 3 pairs of channels.
    assert (row.multiply_adds_before, row.multiply_adds_after) == (36 * 12 * 30, 16 * 12 * 30)
    assert (report.multiply_adds_before, report.multiply_adds_after) == (36 * 12 * 30, 16 * 12 * 30)
    assert row.difference < 1e-13


@pytest.mark.parametrize("to", ["subpixel", "transpose"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("size", "scale", "options"),
    [
        ((1, 2), (2, 3), {"use_bias": False}),
        ((5, 4), 2, {"activation": "relu"}),
        ((6, 7), (4, 1), {"activation": lambda x: ops.softmax(x, axis=1)}),
    ],
)
def test_every_form_of_the_convolution(size, scale, options, padding, to):
    options = {"padding": padding, "dtype": "float64", "name": "conv", **options}
    x = noise(2, 6, 7, 4)
    for data_format, axes in (("channels_last", (0, 1, 2, 3)), ("channels_first", (0, 3, 1, 2))):
        # TensorFlow's CPU kernel of the transposed convolution takes channels last only, and so does this activation.
        if data_format == "channels_first" and (to == "transpose" or callable(options.get("activation"))):
            continue
        here = {"data_format": data_format}
        large = sequential(
            layers.UpSampling2D(scale, dtype="float64", **here),
            layers.Conv2D(3, size, **options, **here),
            shape=tuple(x.shape[axis] for axis in axes[1:]),
        )
        zoo_layer = sequential(ResizeConv2D(3, size, scale, **options, **here), shape=large.input_shape[1:])
        zoo_layer.set_weights(large.get_weights())
        # TensorFlow convolves on a CPU only with the channels last, so that the layer of the zoo stands for both.
        expected = zoo_layer(np.transpose(x, axes))
        if data_format == "channels_last":
            assert relative(large(x), expected) < 1e-13
        for model in (large, zoo_layer):
            new, report = convert(model, to)
            assert relative(expected, new(np.transpose(x, axes))) < 1e-12
            assert not {"Conv2D", "UpSampling2D", "ResizeConv2D"} & set(kinds(new))
            assert report.kept == ()


@pytest.mark.parametrize("to", ["subpixel", "transpose"])
@pytest.mark.parametrize(
    "between",
    [
        lambda: layers.LeakyReLU(0.1, dtype="float64"),
        lambda: layers.Activation("silu", dtype="float64"),
        lambda: layers.PReLU(shared_axes=[1, 2], dtype="float64"),
        lambda: layers.BatchNormalization(dtype="float64"),
        lambda: layers.GroupNormalization(2, dtype="float64"),
        lambda: layers.LayerNormalization(dtype="float64"),
        lambda: layers.RMSNormalization(dtype="float64"),
        lambda: layers.Rescaling(2.0, 1.0, dtype="float64"),
        lambda: layers.Identity(dtype="float64"),
        lambda: layers.Dropout(0, dtype="float64"),
        lambda: ops.tanh,
    ],
)
def test_what_commutes_moves_before_the_up_sampling(between, to):
    def make(x):
        x = between()(layers.UpSampling2D((3, 2), dtype="float64")(x))
        return layers.Conv2D(3, 3, padding="same", dtype="float64", name="conv")(x)

    model = functional(make, shape=(None, None, 4))
    new, report = convert(model, to)
    assert report.kept == ()
    assert report.difference < 1e-12
    x = noise(3, 6, 5, 4)
    same_outputs(model, new, x)
    # In training as well, with the statistics of the batch, and what a layer learns from them.
    assert relative(model(x, training=True), new(x, training=True)) < 1e-12
    same_outputs(model, new, x)


def test_zeros_around_the_enlarged_picture_become_part_of_it():
    """Pad as networks that were ported from PyTorch do."""
    for zeros in (1, ((2, 0), (0, 1))):
        model = sequential(
            layers.UpSampling2D(2, dtype="float64"),
            layers.ReLU(dtype="float64"),
            layers.ZeroPadding2D(zeros, dtype="float64"),
            layers.Conv2D(3, 3, dtype="float64"),
        )
        new, report = convert(model, "subpixel")
        same_outputs(model, new, noise(2, 6, 5, 4))
        assert report.kept == ()
        assert [kind for kind in kinds(new) if kind != "Cropping2D"] == ["ReLU", "ZeroPadding2D", "SubpixelConv2D"]


def test_all_that_a_layer_has_is_kept():
    model = sequential(
        layers.UpSampling2D(2),
        layers.Conv2D(
            3,
            3,
            padding="same",
            bias_regularizer=keras.regularizers.L1(0.2),
            activity_regularizer=keras.regularizers.L2(0.3),
            kernel_constraint=keras.constraints.NonNeg(),
            trainable=False,
            dtype="mixed_bfloat16",
            name="conv",
        ),
        dtype="float32",
    )
    for to in ("subpixel", "transpose"):
        new, report = convert(model, to)
        old, (layer,) = model.get_layer("conv"), [each for each in new.layers if each.weights]
        for name in ("bias_regularizer", "kernel_constraint", "kernel_initializer", "dtype", "trainable"):
            assert layer.get_config()[name] == old.get_config()[name]
        x = noise(2, 6, 5, 4).astype("float32")
        same_outputs(model, new, x, tolerance=0.02)
        assert float(sum(new.losses)) == pytest.approx(float(sum(model.losses)), rel=0.02)
        assert report.difference < 0.02


def test_a_dtype_that_only_the_up_sampling_sets():
    up = layers.UpSampling2D(2, dtype="mixed_bfloat16")
    model = sequential(up, layers.Conv2D(3, 3, dtype="mixed_bfloat16", name="conv"), dtype="float32")
    new, report = convert(model, "transpose")
    assert report.kept == ()
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=0.02)
    image = keras.Input((6, 5, 4), name="image")
    relu = ops.relu(layers.UpSampling2D(2, dtype="mixed_bfloat16")(image))
    model = keras.Model(image, layers.Conv2D(3, 3, dtype="mixed_bfloat16", name="conv")(relu))
    assert "changes the dtype" in convert(model, "transpose")[1].kept[0].reason


def test_a_nested_model_that_is_called_on_two_sizes():
    image = keras.Input((None, None, 4), dtype="float64")
    conv = layers.Conv2D(4, 3, padding="same", dtype="float64", name="conv")
    inner = keras.Model(image, conv(by_layer(image)), name="inner")
    model = functional(lambda x: inner(inner(x)))
    new, report = convert(model, "subpixel")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert [layer.name for layer in report.layers] == ["inner/conv"]
    # Once on 6x5 and once on 12x10.
    assert report.layers[0].multiply_adds_after == 16 * 16 * (30 + 120)


def shared(x):
    y = by_layer(x)
    return [layers.Conv2D(3, 3, padding="same", dtype="float64")(y), y]


def conv(x, **options):
    return layers.Conv2D(4, 3, dtype="float64", name="conv", **{"padding": "same", **options})(x)


@pytest.mark.parametrize(
    ("make", "shape", "reason"),
    [
        (shared, (6, 5, 4), "is used elsewhere too"),
        (by_layer, (6, 5, 4), "is an output"),
        (lambda x: layers.MaxPooling2D(dtype="float64")(by_layer(x)), (6, 5, 4), "MaxPooling2D, not a Conv2D"),
        (lambda x: conv(layers.PReLU("ones", dtype="float64")(by_layer(x))), (6, 5, 4), "PReLU, not a Conv2D"),
        (
            lambda x: conv(layers.BatchNormalization(1, dtype="float64")(by_layer(x))),
            (6, 5, 4),
            "BatchNormalization, not a Conv2D",
        ),
        (lambda x: conv(layers.Dropout(0.5, dtype="float64")(by_layer(x))), (6, 5, 4), "would drop blocks"),
        (lambda x: conv(by_layer(x), strides=2), (6, 5, 4), "conv has strides=(2, 2)"),
        (lambda x: conv(by_layer(x), groups=2), (6, 5, 4), "conv has groups=2"),
        (lambda x: conv(by_layer(x), dilation_rate=2), (6, 5, 4), "conv has dilation_rate=(2, 2)"),
        (
            lambda x: conv(layers.UpSampling2D(2, interpolation="bilinear", dtype="float64")(x)),
            (6, 5, 4),
            "its interpolation is bilinear",
        ),
        (ResizeConv2D(3, 3, 2, "bilinear", dtype="float64"), (6, 5, 4), "its interpolation is bilinear"),
        (lambda x: conv(ops.image.resize(x, (9, 10), "nearest")), (6, 5, 4), "not enlarge by whole factors"),
        (lambda x: conv(ops.image.resize(x, (64, 64), "nearest")), (None, None, 4), "depend on the input's size"),
        (
            lambda x: conv(layers.ZeroPadding2D(1, dtype="float64")(by_layer(x))),
            (6, 5, 4),
            "conv pads again what is padded already",
        ),
        (
            lambda x: conv(layers.ZeroPadding2D(3, dtype="float64")(by_layer(x)), padding="valid"),
            (6, 5, 4),
            "`padding` must be at most (2, 2)",
        ),
    ],
)
def test_what_is_not_one_map_stays(make, shape, reason):
    model = functional(make, shape)
    for to in ("subpixel", "transpose"):
        new, report = convert(model, to)
        assert kinds(new) == kinds(model)
        (row,) = report.kept
        assert reason in row.reason
        same_outputs(model, new, noise(2, 6, 5, 4))


def test_operations_that_enlarge_nothing_are_not_named():
    model = functional(lambda x: conv(layers.UpSampling2D(1, dtype="float64")(layers.ZeroPadding2D(1)(x))))
    assert convert(model, "subpixel")[1].layers == ()


def test_the_new_layers_are_trained_and_saved(tmp_path):
    image = keras.Input((None, None, 4))
    model = filled(keras.Model(image, conv(by_layer(image))))
    new, _ = convert(model, "subpixel")
    x = noise(2, 4, 4, 4).astype("float32")
    new.compile("sgd", "mse")
    new.fit(x, np.ones((2, 8, 8, 4)), epochs=1, verbose=0)
    new.save(tmp_path / "new.keras")
    loaded = keras.models.load_model(tmp_path / "new.keras", safe_mode=True)
    same_outputs(new, loaded, x, tolerance=1e-6)
    assert relative(model(x), new(x)) > 1e-3
