"""Compare colours near transparent pixels with the weighted mean, and with what the picture shows on white."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.upscaling.enlarger import create_enlarger
from zoo.upscaling.picture import enlarge_picture


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def on_white(picture):
    colours, alpha = picture[..., :-1].astype(float), picture[..., -1:] / 255
    return colours * alpha + 255 * (1 - alpha)


def white_beside(colour, alpha):
    picture = np.full((12, 12, 4), 255, np.uint8)
    picture[:, 6:] = (*colour, alpha)
    return picture


# Enlarged without weights, black of alpha 1 makes a fringe of 200 to 213 on white.
@pytest.mark.parametrize(("model", "rounding"), [("bicubic_x2", 0), ("sesr_x2_subpixel", 12)])
def test_black_that_is_hardly_visible_makes_no_dark_fringe_beside_white(model, rounding):
    enlarger = create_enlarger(model)
    for alpha in (0, 1, 2, 16):
        shown = on_white(enlarge_picture(white_beside((0, 0, 0), alpha), enlarger))
        # Networks that are trained on photographs do not keep white to the bit, least at the edges.
        inner = shown[3:-3, 3:-3]
        assert inner.min() >= 255 - alpha - rounding - 0.01, alpha
        assert inner[:, : len(shown) // 2 - 3].min() >= 252 - rounding, alpha


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("channels", [2, 4])
def test_bicubic_colours_are_means_weighted_by_alpha(scale, channels):
    smooth = np.linspace(60, 255, 20 * 15).reshape(20, 15, 1)
    picture = np.concatenate([noise(20, 15, channels - 1), smooth.astype(np.uint8)], -1)
    values = tf.constant(picture[None], tf.float64)
    products = tf.concat([values[..., :-1] * values[..., -1:], values[..., -1:]], -1)
    large = tf.image.resize(products, (20 * scale, 15 * scale), "bicubic")[0].numpy()
    expected = np.clip(np.concatenate([large[..., :-1] / large[..., -1:], large[..., -1:]], -1), 0, 255)
    assert np.abs(zoo.upscale(picture, f"bicubic_x{scale}") - expected).max() <= 1.01


@pytest.mark.parametrize("name", ["sesr_x2_subpixel", "edsr_x2_subpixel"])
@pytest.mark.parametrize("alpha", [1, 90, 255])
def test_even_transparency_changes_no_colour(name, alpha, enlarging):
    colours = noise(19, 23, 3)
    picture = np.concatenate([colours, np.full((19, 23, 1), alpha, np.uint8)], -1)
    large = zoo.upscale(picture, name)
    np.testing.assert_array_equal(large[..., :3], zoo.upscale(colours, name))
    assert (large[..., 3] == alpha).all()


@pytest.mark.parametrize("model", ["bicubic_x2", "sesr_x2_subpixel"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tiles_of_transparent_pictures_are_the_whole(model, dtype, enlarging):
    picture = noise(40, 250, 4)
    picture[10:30, 100:150, 3] = 0
    picture[30:, 200:, 3] = 255
    picture = picture.astype(dtype) * 257 if dtype == np.uint16 else picture
    picture = (picture / 255).astype(dtype) if dtype == np.float32 else picture
    chosen = create_enlarger(model)
    whole = enlarge_picture(picture, chosen, "off")
    for tile in (20, 33):
        np.testing.assert_array_equal(enlarge_picture(picture, chosen, tile), whole)
