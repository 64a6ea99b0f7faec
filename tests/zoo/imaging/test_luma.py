import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import luma, rgb_to_ycbcr, ycbcr_to_rgb

# These are the values of MATLAB's rgb2ycbcr for 8-bit colours.
MATLAB = {
    (255, 255, 255): (235, 128, 128),
    (0, 0, 0): (16, 128, 128),
    (255, 0, 0): (81, 90, 240),
    (0, 255, 0): (145, 54, 34),
    (0, 0, 255): (41, 240, 110),
}


@pytest.mark.parametrize(("rgb", "ycbcr"), MATLAB.items())
def test_colours_are_those_of_matlab(rgb, ycbcr):
    picture = np.array(rgb, np.uint8).reshape(1, 1, 3)
    assert luma(picture).tolist() == [[[ycbcr[0]]]]
    float_colours = rgb_to_ycbcr(tf.constant(picture, tf.float64) / 255.0) * 255.0
    np.testing.assert_allclose(float_colours.numpy().ravel(), ycbcr, atol=0.5001)


def test_a_grey_picture_is_its_own_luma():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    assert luma(grey) is grey


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_way_there_and_back_changes_nothing(dtype, limit):
    image = tf.constant(np.random.default_rng(0).random((2, 5, 7, 3)), dtype)
    assert float(tf.reduce_max(tf.abs(ycbcr_to_rgb(rgb_to_ycbcr(image)) - image))) < limit
