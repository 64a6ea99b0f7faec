"""Check that subclasses that only make a graph are converted, alone and inside other models."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.helpers.small_models import filled, kinds, noise, same_outputs
from zoo.convert import convert
from zoo.upsampling import SubpixelConv2D


class Backbone(keras.Model):
    """Make a graph as KerasHub's backbones do: attributes, layers under names of their own, a configuration."""

    def __init__(self, filters, dtype=None, **kwargs):
        image = keras.Input((None, None, 4), name="image")
        self.up = layers.Conv2DTranspose(filters, 4, 2, "same", dtype=dtype, name="up")
        x = ops.relu(self.up(image))
        super().__init__({"image": image}, {"features": x, "sizes": layers.Conv2D(1, 1, name="last")(x)}, **kwargs)
        self.filters = filters

    def get_config(self):
        return {"filters": self.filters, "name": self.name}


class Stack(keras.Sequential):
    def __init__(self, **kwargs):
        super().__init__([keras.Input((6, 5, 4)), layers.Conv2DTranspose(4, 4, 2, "same", name="up")], **kwargs)


class Doubled(Backbone):
    def call(self, inputs):
        return {name: 2 * x for name, x in super().call(inputs).items()}


def test_a_backbone_becomes_a_plain_model_with_its_outputs(tmp_path):
    model = filled(Backbone(3, name="backbone"))
    new, report = convert(model, "subpixel", input_shape=(6, 5, 4))
    assert [row.name for row in report.converted] == ["up"]
    assert report.kept == ()
    assert type(new) is type(keras.Model(new.input, new.output))
    assert new.name == "backbone"
    x = {"image": noise(2, 6, 5, 4).astype("float32")}
    same_outputs(model, new, x, tolerance=1e-5)
    new.save(tmp_path / "new.keras")
    same_outputs(model, keras.models.load_model(tmp_path / "new.keras"), x, tolerance=1e-5)


@pytest.mark.parametrize("make", [lambda: Backbone(4, name="inner"), lambda: Stack(name="inner")])
def test_inside_another_model(make):
    image = keras.Input((6, 5, 4))
    inner = make()
    inner.trainable = False
    x = inner({"image": image})["features"] if isinstance(inner, Backbone) else inner(image)
    model = filled(keras.Model(image, layers.Conv2DTranspose(2, 2, 2, name="head")(x)))
    new, report = convert(model, "subpixel")
    assert [row.name for row in report.converted] == ["head", "inner/up"]
    assert report.kept == ()
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)
    assert "SubpixelConv2D" in kinds(new.get_layer("inner"))
    assert [bool(layer.trainable_weights) for layer in new.layers if layer.weights] == [False, True]


def test_a_call_of_its_own_is_the_reason_to_keep_it():
    model = filled(Doubled(3, name="doubled"))
    new, report = convert(model, "subpixel", input_shape=(6, 5, 4))
    assert new is model
    assert report.kept[0].reason == "it is a subclassed model with a call of its own, which is not known"
    image = keras.Input((6, 5, 4))
    outer = keras.Model(image, SubpixelConv2D(2, 3, 2)(model({"image": image})["features"]))
    new, report = convert(outer, "subpixel")
    assert report.kept[0].reason == 'it holds up, and its calls are not known; form="layer" converts it'
    x = noise(2, 6, 5, 4).astype("float32")
    np.testing.assert_array_equal(outer(x), new(x))
