"""Check layers that cannot be copied, models that are hard to run, and that a wrong result is refused."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import Shuffle, filled, functional, kinds, noise, relative, same_outputs, sequential
from zoo.convert import choices, convert


class Scaled(layers.Layer):
    """Multiply by a number that is not in the configuration."""

    factor = 1.0

    def call(self, x):
        return self.factor * x


class Unmade(layers.Layer):
    """Refuse the options of its own configuration, such as the name."""

    def __init__(self, factor):
        super().__init__(name="unmade")
        self.scale = self.add_weight(shape=(), initializer=keras.initializers.Constant(factor))

    def call(self, x):
        return self.scale * x


class Nameless(Scaled):
    def get_config(self):
        return {}


class FromKeras(Scaled):
    __module__ = "keras.layers"


def scaled(kind):
    layer = kind(name="scaled")
    layer.factor = 3.0
    return layer


def up(x):
    return layers.Conv2DTranspose(3, 4, 2, "same", name="up")(x)


@pytest.mark.parametrize(("make", "name"), [(lambda: scaled(Scaled), "scaled"), (lambda: Unmade(3.0), "unmade")])
def test_a_layer_that_its_configuration_does_not_make_is_shared(make, name):
    layer = make()
    inner = functional(lambda x: up(layer(x)), dtype="float32")
    layer.trainable = False
    model = keras.Sequential([keras.Input((6, 5, 4)), inner])
    new, report = convert(model, "subpixel")
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)
    assert new.get_layer("network").get_layer(name) is layer
    assert report.shared == (f"network/{name}",)
    assert not layer.trainable
    assert len(new.trainable_weights) == len(model.trainable_weights) == 2


def test_a_layer_that_its_configuration_makes_is_copied_with_its_name():
    model = functional(lambda x: up(Nameless(name="kept")(x)), dtype="float32")
    new, report = convert(model, "subpixel")
    assert report.shared == ()
    assert new.get_layer("kept") is not model.get_layer("kept")


def test_another_output_is_refused_with_the_name_of_the_layer(monkeypatch):
    model = keras.Sequential([keras.Input((6, 5, 4)), functional(lambda x: up(scaled(FromKeras)(x)), dtype="float32")])
    with pytest.raises(ValueError, match=r"^network/scaled cannot be converted: its output would differ by 6\.7e-01"):
        convert(model, "subpixel")

    right = choices.transpose_to_subpixel
    monkeypatch.setattr(choices, "transpose_to_subpixel", lambda *_: _spoilt(right(*_)))
    with pytest.raises(ValueError, match=r"^up cannot be converted: its output would differ by 9\.0e-04"):
        convert(functional(up, dtype="float32"), "subpixel")


def _spoilt(twin):
    return dataclasses.replace(twin, kernel=1.001 * twin.kernel)


def test_nothing_is_compared_in_fewer_digits_than_its_type_has():
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    seen = []

    class Spy(layers.Layer):
        def call(self, x):
            seen.append(enabled())
            return x

    model = functional(lambda x: up(Spy()(x)), dtype="float32")
    before, seen[:] = enabled(), []
    convert(model, "subpixel")
    # The graphs are only traced symbolically outside of comparisons.
    assert seen.count(False) >= 4
    assert enabled() == before


def test_a_model_that_amplifies_rounding_is_converted():
    model = functional(lambda x: ops.sin(1e6 * up(x)), dtype="float32")
    new, report = convert(model, "subpixel")
    assert 1e-3 < report.difference < 2.1
    assert "SubpixelConv2D" in kinds(new)


def test_comparisons_in_the_output_may_flip():
    def make(x):
        x = layers.Conv2DTranspose(2, 9, 3, "same", name="up")(x)
        return [ops.argmax(x, -1), ops.greater(x, 0.0)]

    model = functional(make, shape=(32, 32, 32), dtype="float32")
    _, report = convert(model, "subpixel")
    assert report.difference < 0.001


def test_a_model_with_other_outputs_each_time_is_not_compared():
    def noisy(x):
        return up(layers.Lambda(lambda y: y + tf.random.normal(tf.shape(y)))(x))

    new, report = convert(functional(noisy, dtype="float32"), "subpixel")
    assert report.difference is None
    assert report.layers[-1].difference < 1e-5
    assert "SubpixelConv2D" in kinds(new)


@pytest.mark.parametrize("to", ["subpixel", "transpose"])
def test_calls_with_keywords(to):
    def make(x):
        if to == "subpixel":
            return layers.Conv2DTranspose(3, 4, 2, "same")(inputs=layers.ReLU()(inputs=x))
        return Shuffle()(x=layers.Conv2D(12, 3, padding="same")(inputs=x))

    model = functional(make, dtype="float32")
    new, report = convert(model, to)
    assert len(report.converted) == 1
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)


def test_words_as_inputs():
    words = keras.Input((8,), dtype="string")
    x = layers.Embedding(3, 8)(layers.StringLookup(vocabulary=["cat", "dog"])(words))
    model = filled(keras.Model(words, up(layers.Reshape((4, 4, 4))(x))))
    new, report = convert(model, "subpixel")
    assert report.difference < 1e-5
    same_outputs(model, new, tf.constant([["cat", "dog", "cow", "dog", "cat", "cat", "dog", "cow"]]), tolerance=1e-5)


def test_sparse_and_optional_inputs():
    sparse, optional = keras.Input((16,), sparse=True), keras.Input((4,), optional=True)
    x = layers.Reshape((2, 2, 4))(layers.Dense(16)(sparse))
    model = filled(keras.Model([sparse, optional], up(x)))
    new, report = convert(model, "subpixel")
    assert report.difference < 1e-5
    x = tf.sparse.from_dense(np.eye(16, dtype="float32"))
    assert relative(model([x, None]), new([x, None])) < 1e-5


def test_lora_before_a_shuffle_is_named_and_elsewhere_copied():
    model = functional(lambda x: ops.depth_to_space(layers.Conv2D(8, 3, name="conv")(x), 2), dtype="float32")
    conv = model.get_layer("conv")
    conv.enable_lora(2)
    conv.lora_kernel_b.assign(noise(*conv.lora_kernel_b.shape))
    for to in ("transpose", "subpixel"):
        new, report = convert(model, to)
        same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)
        assert kinds(new) == ["Conv2D"]
        if to == "transpose":
            assert report.kept[0].reason.startswith("LoRA is enabled on conv: two small matrices")


def test_the_report_names_only_what_enlarges():
    class Centred(layers.Layer):
        def call(self, x):
            return x - ops.mean(x)

    model = sequential(
        layers.Lambda(lambda x: x + 1, dtype="float64"),
        Centred(dtype="float64"),
        layers.ZeroPadding2D(1, dtype="float64"),
        layers.Conv2DTranspose(3, 2, 2, dtype="float64", name="up"),
    )
    assert [row.name for row in convert(model, "subpixel")[1].layers] == ["up"]
    assert convert(model, "transpose")[1].layers == ()
