import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import from_studio_range, join_colours, luma, split_colours, to_studio_range

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
    grey, differences = split_colours(tf.constant(picture, tf.float64) / 255.0)
    bright = float(to_studio_range(grey)[0, 0, 0]) * 255.0
    # BT.601 scales the differences so that they lie in 16..240.
    red, blue = differences.numpy().ravel() * 112.0 / (1.0 - np.array([0.299, 0.114])) + 128.0
    np.testing.assert_allclose([bright, blue, red], ycbcr, atol=0.5001)


def test_a_grey_picture_is_its_own_luma():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    assert luma(grey) is grey


def test_equal_channels_have_no_colour_and_are_their_own_grey_exactly():
    values = np.random.default_rng(0).random((7, 9, 1), np.float32)
    grey, differences = split_colours(tf.constant(np.repeat(values, 3, -1)))
    np.testing.assert_array_equal(grey, values)
    assert not differences.numpy().any()
    np.testing.assert_array_equal(join_colours(grey, differences), np.repeat(values, 3, -1))


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_way_there_and_back_changes_nothing(dtype, limit):
    image = tf.constant(np.random.default_rng(0).random((2, 5, 7, 3)), dtype)
    assert float(tf.reduce_max(tf.abs(join_colours(*split_colours(image)) - image))) < limit


def test_rounding_moves_neither_black_nor_white_from_the_ends_of_the_range():
    grey = np.linspace(0, 1, 1001, dtype=np.float32)
    luma_of_grey = to_studio_range(tf.constant(grey))
    np.testing.assert_allclose(luma_of_grey[0] * 255, 16, rtol=1e-6)
    np.testing.assert_allclose(luma_of_grey[-1] * 255, 235, rtol=1e-6)
    # The error is less than a third of a level of 16 bits.
    assert np.abs(from_studio_range(luma_of_grey).numpy() - grey).max() * 65535 < 0.33
    for rounding in (-2e-6, 2e-6):
        moved = np.clip(from_studio_range(luma_of_grey + np.float32(rounding)), 0, 1)
        assert moved[0] == 0
        assert moved[-1] == 1
