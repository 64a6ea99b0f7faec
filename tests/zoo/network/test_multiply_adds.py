import keras
import pytest
from keras import layers

import zoo
from zoo.network import multiply_adds
from zoo.upsampling import ResizeConv2D, SubpixelConv2D


def test_multiply_adds_are_counted_where_kernels_are_applied():
    def count(*stack, shape=(8, 8, 5)):
        return multiply_adds(keras.Sequential([keras.Input(shape), *stack]))

    assert count(layers.Conv2D(7, 3, padding="same")) == 8 * 8 * 9 * 5 * 7
    assert count(layers.Conv2D(7, 3, strides=2, padding="same")) == 4 * 4 * 9 * 5 * 7
    assert count(layers.Conv2DTranspose(7, 6, strides=2, padding="same")) == 8 * 8 * 36 * 5 * 7
    assert count(SubpixelConv2D(7, 3, 2)) == 8 * 8 * 9 * 5 * (4 * 7)
    assert count(ResizeConv2D(7, 3, 2)) == 16 * 16 * 9 * 5 * 7
    assert count(layers.Flatten(), layers.Dense(11)) == 8 * 8 * 5 * 11
    with pytest.raises(ValueError, match="SeparableConv2D"):
        count(layers.SeparableConv2D(3, 3))


def test_twins_do_the_same_work():
    counts = {name: multiply_adds(zoo.create_model(name)) for name in ("ae_subpixel", "ae_transpose")}
    assert counts["ae_subpixel"] == counts["ae_transpose"] > 0
