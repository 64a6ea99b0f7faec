"""Check the form that keeps a layer one layer, also inside layers whose calls are not known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.helpers.small_models import filled, functional, kinds, noise, relative, same_outputs, sequential
from zoo.convert import convert
from zoo.upsampling import Conv2DTranspose, ResizeConv2D, SubpixelConv2D


def two_up(x):
    x = layers.Conv2DTranspose(3, 4, 2, "same", activation="relu", dtype=x.dtype, name="up1")(x)
    return layers.Conv2DTranspose(2, 3, 2, "same", use_bias=False, dtype=x.dtype, name="up2")(x)


def test_a_layer_keeps_its_name_weights_and_output():
    model = functional(two_up)
    new, report = convert(model, "subpixel", form="layer")
    x = noise(2, 6, 5, 4)
    same_outputs(model, new, x)
    for name in ("up1", "up2"):
        old, layer = model.get_layer(name), new.get_layer(name)
        assert (type(layer), layer.output.shape) == (Conv2DTranspose, old.output.shape)
        assert {**layer.get_config(), "kernel_initializer": 0} == {**old.get_config(), "kernel_initializer": 0}
        for one, other in zip(old.get_weights(), layer.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert [(row.kernel_before, row.kernel_after) for row in report.layers] == [((4, 4), (2, 2)), ((3, 3), (2, 2))]
    # A 3x3 kernel fills up to 4x4.
    assert report.multiply_adds_before == 30 * 16 * 4 * 3 + 120 * 9 * 3 * 2
    assert report.multiply_adds_after == 30 * 16 * 4 * 3 + 120 * 16 * 3 * 2
    back, again = convert(new, "transpose")
    assert {type(back.get_layer(name)) for name in ("up1", "up2")} == {layers.Conv2DTranspose}
    same_outputs(model, back, x)
    assert again.multiply_adds_after == report.multiply_adds_before
    split, _ = convert(new, "subpixel")
    assert kinds(split).count("SubpixelConv2D") == 2
    same_outputs(model, split, x)
    assert convert(new, "subpixel", form="layer")[1].layers == ()


def test_weight_files_of_the_original_load(tmp_path):
    model = functional(two_up, dtype="float32")
    new, _ = convert(model, "subpixel", form="layer")
    filled(model)
    model.layers[1].kernel.assign(2 * model.layers[1].kernel)
    model.save_weights(tmp_path / "original.weights.h5")
    new.load_weights(tmp_path / "original.weights.h5")
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-6)


def test_up_sampling_and_a_convolution_become_one_layer():
    model = sequential(layers.UpSampling2D(2, dtype="float64"), layers.Conv2D(3, 3, padding="same", dtype="float64"))
    new, report = convert(model, "subpixel", form="layer")
    assert [type(layer) for layer in new.layers] == [Conv2DTranspose]
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert report.multiply_adds_after * 36 == report.multiply_adds_before * 16
    even = sequential(ResizeConv2D(3, 2, 2, dtype="float64"))
    new, _ = convert(even, "subpixel", form="layer")
    assert [type(layer) for layer in new.layers] == [Conv2DTranspose, layers.Cropping2D]
    same_outputs(even, new, noise(2, 6, 5, 4))


@keras.saving.register_keras_serializable("tests")
class Neck(layers.Layer):
    """Hold transposed convolutions as an attribute and in a list, one of them not convertible."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Conv2DTranspose(3, 4, 2, "same", dtype=self.dtype_policy, name="first")
        self.rest = [
            layers.Conv2DTranspose(3, 3, 2, "valid", dtype=self.dtype_policy, name="second"),
            layers.Conv2D(2, 3, dtype=self.dtype_policy, name="last"),
        ]
        self.unused = layers.Conv2DTranspose(3, 4, 2, "same", 0, dtype=self.dtype_policy, name="unused")

    def build(self, input_shape):
        for layer in (self.first, *self.rest):
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x


class Plain(keras.Model):
    """Hold a functional model that holds a transposed convolution."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        image = keras.Input((None, None, 4), dtype="float64")
        self.inside = keras.Model(image, layers.Conv2DTranspose(3, 4, 2, dtype="float64", name="deep")(image))

    def call(self, x):
        return self.inside(x)


def in_time(x):
    x = layers.Reshape((1, 6, 5, 4), dtype=x.dtype)(x)
    up = layers.Conv2DTranspose(3, 4, 2, "same", dtype=x.dtype, name="inner")
    return layers.TimeDistributed(up, dtype=x.dtype, name="holder")(x)


def normalised(x):
    up = layers.Conv2DTranspose(3, 4, 2, "same", dtype=x.dtype, name="inner")
    return layers.SpectralNormalization(up, dtype=x.dtype, name="holder")(x)


@pytest.mark.parametrize(
    ("make", "inner"),
    [
        (in_time, ["inner"]),
        (normalised, ["inner"]),
        (lambda x: Neck(dtype=x.dtype, name="holder")(x), ["first", "second"]),
        (lambda x: Plain(dtype=x.dtype, name="holder")(x), ["deep"]),
    ],
)
def test_layers_inside_other_layers(make, inner, tmp_path):
    model = functional(make)
    new, report = convert(model, "subpixel", form="layer")
    x = noise(2, 6, 5, 4)
    same_outputs(model, new, x)
    # Training updates what a SpectralNormalization holds, from the same kernel to the same kernel.
    assert relative(model(x, training=True), new(x, training=True)) < 1e-12
    same_outputs(model, new, x)
    flat = {layer.name: layer for layer in new.get_layer("holder")._flatten_layers()}
    assert all(type(flat[name]) is Conv2DTranspose for name in inner)
    untouched = {layer.name: type(layer) for layer in model.get_layer("holder")._flatten_layers()}
    assert all(untouched[name] is layers.Conv2DTranspose for name in inner)
    assert [row.name for row in report.converted] == [f"holder/{name}" for name in inner]
    assert (report.converted[0].kernel_before, report.converted[0].kernel_after) == ((4, 4), (2, 2))
    assert [row.reason[:20] for row in report.kept] == ["TensorFlow cannot ru"] * ("first" in inner)
    # The graph holds a convolution at low resolution.
    graph = tf.function(new).get_concrete_function(tf.TensorSpec((1, 6, 5, 4), "float64")).graph
    assert "Conv2DBackpropInput" not in {operation.type for operation in graph.get_operations()}
    back, _ = convert(new, "transpose")
    same_outputs(model, back, x)
    assert type(back.get_layer("holder")) is type(model.get_layer("holder"))
    if "deep" not in inner:
        new.save(tmp_path / "new.keras")
        same_outputs(new, keras.models.load_model(tmp_path / "new.keras", safe_mode=True), x)


def test_wrappers_keep_the_form_in_files(tmp_path):
    for make in (in_time, normalised):
        new, _ = convert(functional(make), "subpixel", form="layer")
        new.save(tmp_path / f"{make.__name__}.keras")
        loaded = keras.models.load_model(tmp_path / f"{make.__name__}.keras", safe_mode=True)
        assert type(loaded.get_layer("holder").layer) is Conv2DTranspose


def test_what_stays_says_how_it_could_change():
    model = functional(normalised)
    _, report = convert(model, "subpixel")
    assert report.kept[0].reason.endswith('; form="layer" converts it')
    new, report = convert(model, "subpixel", when="faster", form="layer")
    assert report.kept[0].reason == "it is inside another layer and is not measured alone"
    assert type(new.get_layer("holder").layer) is layers.Conv2DTranspose
    with pytest.raises(ValueError, match="form='whole'"):
        convert(model, "subpixel", form="whole")


def test_what_stays_inside_a_layer_says_why():
    def make(x):
        up = layers.Conv2DTranspose(3, 3, dilation_rate=2, dtype="float64", name="in")
        return layers.TimeDistributed(up, dtype="float64", name="it")(layers.Reshape((1, 6, 5, 4), dtype="float64")(x))

    image = keras.Input((6, 5, 4), dtype="float64")
    model = keras.Model(image, make(image))
    assert convert(model, "subpixel", form="layer")[1].kept[0].reason == "it holds in: its dilation_rate is (2, 2)"
    assert convert(model, "transpose")[1].layers == ()


class Secretive(layers.Layer):
    """Hold a state that its configuration does not tell."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.up = layers.Conv2DTranspose(3, 4, 2, "same", dtype=self.dtype_policy, name="inner")

    def call(self, x):
        return self.factor * self.up(x)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype_policy.name}


def test_a_layer_that_cannot_be_copied_is_not_changed():
    model = functional(lambda x: Secretive(3.0, dtype=x.dtype, name="holder")(x))
    new, report = convert(model, "subpixel", form="layer")
    assert new.get_layer("holder") is model.get_layer("holder")
    assert type(model.get_layer("holder").up) is layers.Conv2DTranspose
    assert [(row.name, row.reason) for row in report.layers] == [
        ("holder/inner", "the layer around it cannot be copied")
    ]
    same_outputs(model, new, noise(2, 6, 5, 4))


def test_a_subpixel_layer_inside_another_stays():
    model = functional(
        lambda x: layers.TimeDistributed(
            SubpixelConv2D(3, 3, 2, name="in", dtype="float64"), dtype="float64", name="it"
        )(layers.Reshape((1, 6, 5, 4), dtype="float64")(x))
    )
    assert convert(model, "transpose")[1].kept[0].reason.startswith("it calls in at each step of time")
