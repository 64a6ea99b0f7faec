"""Check that inputs, outputs and layers keep their names, in both directions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import filled, noise, same_outputs
from zoo.convert import convert
from zoo.upsampling import SubpixelConv2D


def transposed(x):
    return layers.Conv2DTranspose(1, 4, 2, "same", activation=lambda y: ops.softmax(y, axis=1), name="mask")(x)


def shuffled_by_operation(x):
    return ops.depth_to_space(ops.relu(layers.Conv2D(4, 3, padding="same", name="before")(x)), 2)


def shuffled_by_layer(x):
    x = layers.ReLU(name="active")(layers.Conv2D(4, 3, use_bias=False, padding="same", name="before")(x))
    return layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2), name="mask")(x)


def framed(x):
    x = SubpixelConv2D(1, 2, 2, "valid", name="up")(layers.ZeroPadding2D(1)(x))
    return layers.Cropping2D(1, name="mask")(x)


def with_phases(x):
    return SubpixelConv2D(1, 3, 2, phase_bias=True, activation="tanh", name="mask")(x)


def two_outputs(last):
    image = keras.Input((6, 5, 4))
    features = layers.Conv2D(4, 3, padding="same", name="features")(image)
    return filled(keras.Model(image, [last(features), layers.Conv2D(2, 1, name="edges")(features)]))


@pytest.mark.parametrize(
    ("last", "to", "other"),
    [
        (transposed, "subpixel", "transpose"),
        (shuffled_by_operation, "transpose", "subpixel"),
        (shuffled_by_layer, "transpose", "subpixel"),
        (framed, "transpose", "subpixel"),
        (with_phases, "transpose", "subpixel"),
    ],
)
def test_outputs_keep_their_names_and_so_losses_find_them(last, to, other):
    model = two_outputs(last)
    new, report = convert(model, to)
    assert len(report.converted) == 1
    back, _ = convert(new, other)
    x = noise(2, 6, 5, 4).astype("float32")
    name = model.output_names[0]
    targets = {name: np.zeros((2, 12, 10, 1)), "edges": np.zeros((2, 6, 5, 2))}
    losses = []
    for each in (model, new, back):
        same_outputs(model, each, x, tolerance=1e-5)
        assert each.output_names == model.output_names
        assert (each.inputs[0].name, each.layers[0].name) == (model.inputs[0].name, model.layers[0].name)
        each.compile(loss=dict.fromkeys(targets, "mse"), run_eagerly=True)
        losses.append(each.evaluate(x, targets, verbose=0, return_dict=True)["loss"])
    np.testing.assert_allclose(losses[1:], losses[0], rtol=1e-5)


@pytest.mark.parametrize("last", [transposed, shuffled_by_layer, framed, with_phases])
def test_a_layer_in_the_middle_has_the_output_that_it_had(last):
    image = keras.Input((6, 5, 4))
    model = filled(keras.Model(image, layers.Conv2D(2, 3, name="head")(last(image))))
    to = "subpixel" if last is transposed else "transpose"
    new, report = convert(model, to)
    assert len(report.converted) == 1
    before, after = (keras.Model(each.input, each.get_layer("mask").output) for each in (model, new))
    same_outputs(before, after, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)


def test_there_and_back_the_names_are_the_same():
    model = two_outputs(layers.Conv2DTranspose(1, 4, 2, "same", name="mask"))
    new, _ = convert(model, "subpixel")
    assert [layer.name for layer in new.layers][2:5] == ["mask_padding", "mask_convolution", "mask"]
    back, _ = convert(new, "transpose")
    assert [layer.name for layer in back.layers] == [layer.name for layer in model.layers]
