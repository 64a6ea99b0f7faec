import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import bicubic, cropped, degrade, enlarge


def keys(x):
    """Return the cubic kernel with a = -1/2 (Keys 1981) at a distance."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def weights(size, new, stretch):
    """Return the weights `[new, size]` of the old samples in each new one; samples outside the picture have none."""
    centres = (np.arange(new) + 0.5) * size / new - 0.5
    matrix = keys((np.arange(size)[None] - centres[:, None]) / stretch)
    return matrix / matrix.sum(1, keepdims=True)


def resized(picture, height, width, stretch):
    rows, columns = weights(picture.shape[0], height, stretch), weights(picture.shape[1], width, stretch)
    return np.einsum("ih,hwc,jw->ijc", rows, picture.astype(np.float64), columns)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_reduction_is_the_antialiased_cubic(scale):
    picture = np.random.default_rng(scale).integers(0, 256, (12 * scale, 10 * scale, 3), np.uint8)
    expected = np.clip(resized(picture, 12, 10, scale), 0, 255)
    low = degrade(picture, scale)
    assert low.dtype == np.uint8
    # Rounding to 8 bits allows half a level, and a little more where float32 falls on the other side of a half.
    assert np.abs(low - expected).max() < 0.501


def test_enlargement_is_the_cubic_and_tiles_agree_bit_for_bit():
    image = np.random.default_rng(0).random((1, 9, 8, 2), np.float32)
    large = enlarge(tf.constant(image), 3).numpy()
    # TensorFlow reads the kernel from a table of 1,024 places.
    np.testing.assert_allclose(large[0], resized(image[0], 27, 24, 1), atol=1e-3)
    tile = enlarge(tf.constant(image[:, :7, 2:]), 3).numpy()
    np.testing.assert_array_equal(tile[:, :15, 6:], large[:, :15, 12:])


def test_cropping_keeps_the_upper_left():
    picture = np.arange(5 * 7).reshape(5, 7, 1)
    np.testing.assert_array_equal(cropped(picture, 3), picture[:3, :6])
    with pytest.raises(ValueError, match="2x7 is too small for scale 3"):
        cropped(picture[:2], 3)


@pytest.mark.parametrize("scale", [2, 3, 4, 6])
def test_small_pictures_are_enlarged_as_tensorflow_does_whatever_the_path(scale, monkeypatch):
    def graph():
        return tf.function(lambda each: enlarge(each, scale)).get_concrete_function(tf.TensorSpec((None,) * 3 + (2,)))

    ordinary = graph()
    monkeypatch.setattr(bicubic, "_exact_below", lambda _: 0)
    other_path = graph()
    for height, width in ((1, 1), (1, 3), (2, 5), (13, 80)):
        image = np.random.default_rng(height).random((2, height, width, 2), np.float32)
        expected = tf.image.resize(image, (scale * height, scale * width), "bicubic").numpy()
        for enlarged in (ordinary, other_path):
            np.testing.assert_array_equal(enlarged(tf.constant(image)).numpy(), expected)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_tiles_of_a_wide_picture_agree_bit_for_bit(scale):
    image = np.random.default_rng(0).random((1, 3, 9000, 1), np.float32)
    large = enlarge(tf.constant(image), scale).numpy()
    for start in (2, 5003, 8600):
        tile = enlarge(tf.constant(image[:, :, start - 2 : start + 302]), scale).numpy()
        np.testing.assert_array_equal(
            tile[:, :, 2 * scale : 302 * scale], large[:, :, start * scale : (start + 300) * scale]
        )
