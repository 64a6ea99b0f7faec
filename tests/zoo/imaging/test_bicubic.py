import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import cropped, degrade, enlarge


def keys(x):
    """The cubic kernel with a = -1/2 (Keys 1981)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def weights(size, new, stretch):
    """`[new, size]`: what each new sample takes of the old ones; outside of the picture there is nothing."""
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
    # Rounded to 8 bits: half a level, and a little where float32 falls on the other side of a half.
    assert np.abs(low - expected).max() < 0.501


def test_enlargement_is_the_cubic_and_tiles_agree_bit_for_bit():
    image = np.random.default_rng(0).random((1, 9, 8, 2), np.float32)
    large = enlarge(tf.constant(image), 3).numpy()
    # TensorFlow looks the kernel up in a table of 1,024 places.
    np.testing.assert_allclose(large[0], resized(image[0], 27, 24, 1), atol=1e-3)
    tile = enlarge(tf.constant(image[:, :7, 2:]), 3).numpy()
    np.testing.assert_array_equal(tile[:, :15, 6:], large[:, :15, 12:])


def test_cropping_keeps_the_upper_left():
    picture = np.arange(5 * 7).reshape(5, 7, 1)
    np.testing.assert_array_equal(cropped(picture, 3), picture[:3, :6])
    with pytest.raises(ValueError, match="2x7 is too small for scale 3"):
        cropped(picture[:2], 3)
