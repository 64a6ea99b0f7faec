import numpy as np
import pytest
import scipy.ndimage

from zoo.imaging import fill_transparent
from zoo.imaging.transparency import largest_near


def test_hidden_pixels_take_the_colours_near_them_and_visible_ones_keep_theirs():
    generator = np.random.default_rng(0)
    for dtype, peak in ((np.uint8, 255), (np.uint16, 65535)):
        colours = generator.integers(0, peak, (13, 9, 3), dtype, endpoint=True)
        alpha = np.where(generator.random((13, 9, 1)) < 0.5, 0, generator.integers(1, peak, (13, 9, 1))).astype(dtype)
        filled = fill_transparent(colours, alpha)
        assert filled.dtype == dtype
        near = scipy.ndimage.maximum_filter(alpha[..., 0].astype(float), 5, mode="nearest")
        visible = (alpha[..., 0] * 8.0 >= near) & (alpha[..., 0] > 0)
        np.testing.assert_array_equal(filled[visible], colours[visible])
        # Means of visible colours lie between them.
        assert (filled >= colours[visible].min(0)).all()
        assert (filled <= colours[visible].max(0)).all()


def test_nearly_transparent_pixels_move_towards_their_neighbours_by_how_visible_they_are():
    colours = np.zeros((1, 4, 1), np.uint8)
    colours[0, :2] = 200
    # Only one of 255 and 16 of 255 are less than an eighth of their neighbours.
    for alpha, expected in ((0, 200), (1, round(200 * (1 - 8 / 255))), (16, round(200 * (1 - 128 / 255))), (32, 0)):
        weights = np.array([255, 255, alpha, 255], np.uint8)[None, :, None]
        colours[0, 3] = 200
        assert fill_transparent(colours, weights)[0, 2, 0] == expected


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 9, 1), (8, 5, 2)])
def test_the_largest_near_is_that_of_scipy(shape):
    values = np.random.default_rng(0).random(shape)
    expected = scipy.ndimage.maximum_filter(values, (5, 5, 1), mode="nearest")
    np.testing.assert_array_equal(largest_near(values, 2), expected)


def test_two_by_two_pixels_are_averaged_by_how_visible_they_are():
    colours = np.array([[100, 200], [7, 9]], np.uint8)[..., None]
    alpha = np.array([[255, 85], [0, 0]], np.uint8)[..., None]
    filled = fill_transparent(colours, alpha)[..., 0]
    np.testing.assert_array_equal(filled, [[100, 200], [125, 125]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_not_rounded(dtype):
    colours = np.array([[0.25, 0.5], [0, 1]], dtype)[..., None]
    alpha = np.array([[1, 0.25], [0, 0]], dtype)[..., None]
    filled = fill_transparent(colours, alpha)
    assert filled.dtype == dtype
    np.testing.assert_allclose(filled[..., 0], [[0.25, 0.5], [0.3, 0.3]], rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hardly_visible_colours_are_found(dtype):
    colours, alpha = np.zeros((5, 4, 1), dtype), np.zeros((5, 4, 1), dtype)
    colours[4, 3], alpha[4, 3] = 0.25, np.finfo(dtype).smallest_subnormal
    np.testing.assert_allclose(fill_transparent(colours, alpha), 0.25)


def test_far_away_the_only_colour_is_found():
    colours, alpha = np.zeros((40, 33, 3), np.uint16), np.zeros((40, 33, 1), np.uint16)
    colours[39, 0], alpha[39, 0] = (60000, 1, 300), 1
    assert (fill_transparent(colours, alpha) == (60000, 1, 300)).all()


def test_pictures_without_hidden_or_without_visible_pixels_stay():
    colours = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    for alpha in (np.full((2, 2, 1), 1, np.uint8), np.zeros((2, 2, 1), np.uint8)):
        assert fill_transparent(colours, alpha) is colours
