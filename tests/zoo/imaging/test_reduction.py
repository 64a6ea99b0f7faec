import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo.imaging import reduce_picture


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 31), (13, 9), (1, 1), (40, 9)])
def test_8_bits_are_reduced_as_pillow_reduces_them(channels, size):
    pixels = noise(31, 40, channels)
    expected = np.asarray(Image.fromarray(pixels.squeeze()).resize(size, Image.Resampling.BICUBIC))
    small = reduce_picture(pixels, *size)
    assert small.dtype == np.uint8
    # Pillow rounds 8 bits after each of the two axes.
    assert np.abs(small.astype(int) - expected.reshape(small.shape)).max() <= 1


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_more_bits_are_kept(dtype, peak):
    values = np.random.default_rng(0).random((30, 42, 3))
    pixels = (values * peak).astype(dtype)
    expected = tf.image.resize(pixels[None] / peak, (17, 20), "bicubic", antialias=True)[0].numpy().clip(0, 1)
    small = reduce_picture(pixels, 20, 17)
    assert small.dtype == dtype
    # TensorFlow rounds positions to 1,024 places per pixel.
    assert np.abs(small / peak - expected).max() < 2e-3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_flat_pictures_stay_flat_and_the_same_size_is_the_same_picture(dtype):
    for value in (0, 1, 100, np.iinfo(dtype).max):
        flat = np.full((50, 70, 4), value, dtype)
        assert (reduce_picture(flat, 33, 49) == value).all()
    pixels = noise(5, 6, 4, dtype=dtype)
    assert reduce_picture(pixels, 6, 5) is pixels


def test_colours_are_weighed_by_alpha():
    picture = noise(20, 24, 4)
    picture[..., 3] = picture[..., 3].clip(40)
    small, colours, alpha = reduce_picture(picture, 11, 9), picture[..., :3], picture[..., 3:].astype(np.float32)
    products = [
        np.asarray(Image.fromarray((colours[..., channel] * alpha[..., 0] / 255).astype(np.float32)).resize((11, 9), 3))
        for channel in range(3)
    ]
    expected = np.stack(products, -1) / small[..., 3:] * 255
    assert np.abs(small[..., :3] - expected.clip(0, 255)).max() <= 1.5
    hidden = np.zeros((8, 8, 4), np.uint8)
    hidden[:, :4] = (255, 255, 255, 255)
    assert (reduce_picture(hidden, 3, 3)[:, :2, :3] == 255).all()
