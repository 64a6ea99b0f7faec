"""Make small models to convert, and compare them with the converted ones."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def filled(model):
    """Return the model after giving it weights that are all different."""
    values = [0.3 * noise(*w.shape, seed=7 + i) for i, w in enumerate(model.weights)]
    model.set_weights(
        [abs(value) if "variance" in w.path else value for w, value in zip(model.weights, values, strict=True)]
    )
    return model


def sequential(*stack, shape=(6, 5, 4), dtype="float64"):
    return filled(keras.Sequential([keras.Input(shape, dtype=dtype), *stack], name="stack"))


def functional(make, shape=(6, 5, 4), dtype="float64"):
    image = keras.Input(shape, name="image", dtype=dtype)
    return filled(keras.Model(image, make(image), name="network"))


def relative(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    assert a.shape == b.shape
    return np.max(np.abs(a - b)) / np.max(np.abs(a))


def kinds(model):
    return [type(layer).__name__ for layer in model.layers if not isinstance(layer, layers.InputLayer)]


def same_outputs(old, new, *inputs, tolerance=1e-12):
    given = inputs[0] if len(inputs) == 1 else list(inputs)
    before, after = keras.tree.flatten(old(given)), keras.tree.flatten(new(given))
    assert len(before) == len(after)
    for a, b in zip(before, after, strict=True):
        assert relative(a, b) < tolerance
        assert a.dtype == b.dtype


class Shuffle(layers.Layer):
    def call(self, x):
        return tf.nn.depth_to_space(x, 2)


def hand_written(x, strides=1, groups=1, activation=None, twice=False):
    y = layers.Conv2D(8, 3, strides, "same", groups=groups, activation=activation, name="conv", dtype=x.dtype)(x)
    up = ops.depth_to_space(y, 2)
    return [up, y] if twice else up
