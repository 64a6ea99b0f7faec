import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.imaging.tiling import enlarge_in_tiles, spans, window_size

sizes = st.integers(1, 2000)


def neighbours(window, halo):
    """Enlarge twice; each pixel is the sum of all pixels up to `halo` away, with zeros outside."""
    padded = np.pad(window[..., 0], halo)
    height, width = window.shape[:2]
    total = sum(padded[i : i + height, j : j + width] for i in range(2 * halo + 1) for j in range(2 * halo + 1))
    return total.repeat(2, 0).repeat(2, 1)[..., None]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 50), st.integers(1, 300), st.integers(0, 2), st.integers(1, 60), st.integers(0, 3000))
def test_tiles_of_exact_arithmetic_are_the_whole(height, width, halo, side, pixels):
    picture = np.random.default_rng(height).integers(0, 1000, (height, width, 1))
    large, done = np.full((2 * height, 2 * width, 1), -1), []
    window = window_size(height, width, halo, pixels, side)
    enlarge_in_tiles(picture, lambda each: neighbours(each, halo), 2, window, halo, large, done.append)
    np.testing.assert_array_equal(large, neighbours(picture, halo))
    assert sum(done) == height * width


@settings(max_examples=200, deadline=None)
@given(sizes, st.integers(1, 2000), st.integers(0, 40))
def test_tiles_cover_once_and_windows_hold_their_halo(size, window, halo):
    window = size if window >= size or window <= 2 * halo else window
    tiles = spans(size, window, halo)
    assert [tile.start for tile in tiles] == [0, *(tile.stop for tile in tiles[:-1])]
    assert tiles[-1].stop == size
    for tile in tiles:
        assert 0 <= tile.window <= tile.window + window <= size
        assert tile.window <= max(tile.start - halo, 0)
        assert tile.window + window >= min(tile.stop + halo, size)


@settings(max_examples=200, deadline=None)
@given(sizes, sizes, st.integers(0, 40), st.integers(0, 10**6), st.none() | st.integers(1, 3000))
def test_windows_are_wider_than_two_halos_and_as_wide_as_the_picture_or_multiples_of_120(
    height, width, halo, pixels, side
):
    down, across = window_size(height, width, halo, pixels, side)
    assert down == height or 2 * halo < down < height
    assert across == width or (2 * halo < across < width and across % 120 == 0)
    assert side is not None or height * width > pixels or (down, across) == (height, width)


@settings(max_examples=100, deadline=None)
@given(sizes, sizes, st.integers(0, 40), st.integers(40_000, 10**6))
def test_chosen_windows_hold_about_as_many_pixels_as_allowed(height, width, halo, pixels):
    down, across = window_size(height, width, halo, pixels)
    assert down * across <= 2 * pixels


def test_a_tile_is_at_least_a_pixel():
    with pytest.raises(ValueError, match="tile=0 must be at least 1"):
        window_size(5, 5, 1, 100, 0)


def test_a_run_of_another_factor_is_refused():
    with pytest.raises(ValueError, match="4x3 pixels became 8x6; a model of scale 3 must make 12x9"):
        enlarge_in_tiles(np.zeros((4, 3, 1)), lambda each: neighbours(each, 0), 3, (4, 3), 0, np.zeros((12, 9, 1)))
