import keras
import numpy as np
import pytest

from tests.helpers.numpy_reference import repeat
from zoo.upsampling import ICNR, SubpixelConv2D


@pytest.mark.parametrize("scale", [1, 2, 3, (2, 3)])
def test_every_phase_is_the_sub_kernel(scale):
    rh, rw = (scale, scale) if isinstance(scale, int) else scale
    drawn = keras.initializers.GlorotUniform(seed=5)((3, 3, 4, 3))
    kernel = np.asarray(ICNR(keras.initializers.GlorotUniform(seed=5), scale)((3, 3, 4, rh * rw * 3)))
    assert kernel.shape == (3, 3, 4, rh * rw * 3)
    assert np.ptp(drawn) > 0.1
    for phase in range(rh * rw):
        np.testing.assert_array_equal(kernel[..., 3 * phase : 3 * phase + 3], drawn)


@pytest.mark.parametrize("scale", [2, 3, (3, 2)])
@pytest.mark.parametrize("filters", [3, 32])
def test_layer_starts_as_nearest_neighbour(scale, filters):
    layer = SubpixelConv2D(filters, 3, scale)
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 4)).astype(np.float32)
    y = np.asarray(layer(x))
    sub_kernel = np.asarray(layer.kernel)[..., :filters]
    assert y.std() > 0.1
    plain = keras.layers.Conv2D(filters, 3, padding="same")
    plain.build(x.shape)
    plain.set_weights([sub_kernel, np.zeros(filters)])
    np.testing.assert_allclose(y, repeat(np.asarray(plain(x)), *layer.scale), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, (3, 2)])
def test_layer_starts_as_nearest_neighbour_to_the_last_bit(scale):
    # Small whole numbers, so that no order of summation can round and equality is exact on every machine.
    draw = np.random.default_rng(1)
    numbers = draw.integers(-8, 9, (3, 3, 4, 3)).astype(np.float32)
    x = draw.integers(-8, 9, (2, 5, 6, 4)).astype(np.float32)
    layer = SubpixelConv2D(3, 3, scale, kernel_initializer=ICNR(lambda shape, dtype=None: numbers, scale))
    plain = keras.layers.Conv2D(3, 3, padding="same", kernel_initializer=lambda shape, dtype=None: numbers)
    assert np.array_equal(layer(x), repeat(np.asarray(plain(x)), *layer.scale))


def test_dtype_and_serialisation():
    icnr = ICNR(keras.initializers.RandomNormal(0.0, 0.02, seed=3), scale=(2, 3))
    data = keras.saving.serialize_keras_object(icnr)
    assert data["registered_name"] == "zoo>ICNR"
    again = keras.saving.deserialize_keras_object(data)
    np.testing.assert_array_equal(again((3, 3, 2, 12)), icnr((3, 3, 2, 12)))
    assert again.get_config() == icnr.get_config()
    assert again((1, 1, 2, 6), dtype="float64").dtype == "float64"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ICNR(scale=2)((3, 3, 4, 6)), r"multiple of 4 output channels. Received: shape=\(3, 3, 4, 6\)"),
        (lambda: ICNR(scale=0), "scale=0"),
        (lambda: ICNR(None), "initializer=None"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
