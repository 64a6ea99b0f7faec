import keras
import pytest
from keras import layers

import zoo
from zoo.layers import CollapsibleConv2D, Mode, SpectralConv2D
from zoo.network import KnowsMultiplyAdds, layer_multiply_adds, multiply_adds
from zoo.upsampling import PhaseBias, ResizeConv2D, SubpixelConv2D


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


def test_custom_layers_count_their_own():
    def count(layer, shape=(8, 8, 5)):
        assert isinstance(layer, KnowsMultiplyAdds)
        return multiply_adds(keras.Sequential([keras.Input(shape), layer]))

    assert count(CollapsibleConv2D(7, (3, 5), width=11)) == 8 * 8 * 15 * 5 * 7
    assert count(SpectralConv2D(7, 3)) == 8 * 8 * 9 * 5 * 7
    assert count(SpectralConv2D(7, 4, 2)) == 4 * 4 * 16 * 5 * 7
    assert count(SpectralConv2D(7, 3, padding="valid")) == 6 * 6 * 9 * 5 * 7
    assert count(SubpixelConv2D(7, (1, 3), (2, 3), data_format="channels_first"), (5, 8, 9)) == 8 * 9 * 3 * 5 * (6 * 7)
    assert count(ResizeConv2D(7, 3, 2, data_format="channels_first"), (5, 4, 3)) == 8 * 6 * 9 * 5 * 7
    assert count(PhaseBias(2)) == count(Mode(), (5,)) == 0


def test_a_layer_of_a_users_own_file_needs_a_method_only():
    class Stacked(layers.Layer):
        """Multiply by a table: a layer that this project has never seen."""

        def build(self, input_shape):
            self.table = self.add_weight(shape=(input_shape[-1], 6))
            self.built = True

        def call(self, inputs):
            return inputs @ self.table

    class Counted(Stacked):
        def multiply_adds(self, input_shape, output_shape):
            return 6 * input_shape[-1] * output_shape[1]

    with pytest.raises(ValueError, match="the multiply-adds of stacked, a Stacked, are not known"):
        multiply_adds(keras.Sequential([keras.Input((4, 5)), Stacked(name="stacked")]))
    assert multiply_adds(keras.Sequential([keras.Input((4, 5)), Counted()])) == 6 * 5 * 4
    assert layer_multiply_adds(Counted(), (None, 2, 3), (None, 2, 6)) == 6 * 3 * 2


@pytest.mark.parametrize("layer", [SubpixelConv2D(1, 3, 2), layers.Conv2D(1, 3), layers.Conv2DTranspose(1, 3)])
def test_a_size_that_is_not_known_is_refused(layer):
    with pytest.raises(ValueError, match="no fixed height and width; give an input size"):
        multiply_adds(keras.Sequential([keras.Input((None, 8, 1)), layer]))
