"""Compare zoo.upscale with the exported endpoints, and tiles with the whole picture."""

import dataclasses
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers.random_models import ENLARGING
from zoo.imaging import enlarge
from zoo.network import field_of
from zoo.registry import UnknownNameError
from zoo.upscaling.enlarger import create_enlarger
from zoo.upscaling.picture import enlarge_picture
from zoo.upscaling.picture_network import PictureNetwork

NAMES = sorted(ENLARGING)


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_that_of_the_published_endpoint(name, enlarging):
    saved = zoo.load_pretrained(name)
    chosen = create_enlarger(name)
    for height, width in ((1, 1), (1, 61), (33, 47), (130, 61), (90, 260)):
        picture = noise(height, width, 3)
        expected = saved.serve_uint8(image=tf.constant(picture[None]))["image"][0].numpy()
        for tile in ("auto", "off", 16):
            np.testing.assert_array_equal(enlarge_picture(picture, chosen, tile), expected)


def test_the_luma_of_a_grey_picture_is_what_the_network_enlarges(enlarging):
    saved = zoo.load_pretrained("sesr_x2_subpixel")
    grey = noise(21, 34)
    # Studio range: black is 16 and white is 235.
    luma = tf.constant(16 + grey[None, ..., None] / 255.0 * 219, tf.float32) / 255
    served = saved.serve_luma(image=luma)["image"].numpy()[0, ..., 0] * 255
    expected = np.clip((served - 16) / 219 * 255, 0, 255)
    assert np.abs(zoo.upscale(grey, "sesr_x2_subpixel") - expected).max() <= 0.501
    np.testing.assert_array_equal(
        zoo.upscale(grey[..., None], "sesr_x2_subpixel")[..., 0], zoo.upscale(grey, "sesr_x2_subpixel")
    )


def test_a_grey_picture_stays_grey_in_a_network_on_colours(enlarging):
    model = zoo.create_model("edsr_x2_subpixel", pretrained=True)
    grey = noise(9, 7)
    halo = field_of(model).halo
    beyond = np.pad(grey, halo, "symmetric")
    colours = np.clip(model(np.repeat(beyond[None, ..., None], 3, -1) / np.float32(255)), 0, 1)
    expected = colours[0, 2 * halo : -2 * halo, 2 * halo : -2 * halo].mean(-1) * 255
    assert np.abs(zoo.upscale(grey, model) - expected).max() <= 0.5001


@pytest.mark.parametrize("name", NAMES)
def test_tiles_are_the_whole_byte_for_byte(name, enlarging):
    chosen = create_enlarger(name)
    # Windows are at least 120 pixels wide; the wide pictures are cut into columns too.
    for height, width in ((65, 64), (97, 59), (23, 1000), (45, 391), (70, 1)):
        picture = noise(height, width, 3)
        whole = enlarge_picture(picture, chosen, "off")
        for tile in (64, 33, 7, "auto"):
            message = f"{height}x{width}, tile={tile}"
            np.testing.assert_array_equal(enlarge_picture(picture, chosen, tile), whole, err_msg=message)


@pytest.mark.parametrize("name", ["sesr_x2_subpixel", "fsrcnn_x2_subpixel"])
def test_pictures_too_large_for_one_window_at_widths_of_another_rounding(name, enlarging, monkeypatch):
    # This is the module; `zoo.upscale` is the function.
    monkeypatch.setattr(sys.modules["zoo.upscaling.picture"], "_TILE_BYTES", 0)
    chosen = create_enlarger(name)
    for height, width in ((40, 61), (33, 121), (24, 871)):
        picture = noise(height, width, 3)
        whole = enlarge_picture(picture, chosen, "off")
        for tile in (33, 10, "auto"):
            message = f"{height}x{width}, tile={tile}"
            np.testing.assert_array_equal(enlarge_picture(picture, chosen, tile), whole, err_msg=message)


def test_tiles_of_16_bits_and_floats_are_the_whole_too(enlarging):
    chosen = create_enlarger("espcn_x3_subpixel")
    for picture in (noise(50, 45, 4, dtype=np.uint16), np.random.default_rng(1).random((50, 45, 3), np.float32)):
        whole = enlarge_picture(picture, chosen, "off")
        np.testing.assert_array_equal(enlarge_picture(picture, chosen, 11), whole)


def test_a_halo_that_is_one_pixel_short_shows():
    chosen = create_enlarger(positive("sesr_x2_subpixel", m=2, collapsed=True))
    assert chosen.halo == 6
    picture = np.random.default_rng(0).uniform(0.2, 0.3, (60, 10, 1)).astype(np.float32)
    whole = enlarge_picture(picture, chosen, "off")
    np.testing.assert_array_equal(enlarge_picture(picture, chosen, 25), whole)
    short = dataclasses.replace(chosen, halo=5)
    different = np.flatnonzero((enlarge_picture(picture, short, 25) != whole).any((1, 2)))
    # Only the first and last row of the middle tile, 25 to 49, differ: the other tiles' windows are longer than needed.
    np.testing.assert_array_equal(different, [50, 51, 98, 99])


def positive(name, **arguments):
    """Return a network whose output depends on every weight: nothing cancels, nothing saturates."""
    model = zoo.create_model(name, **arguments)
    for weight in model.weights:
        weight.assign(np.full(weight.shape, 0.4 / np.prod(weight.shape[:-1]) if len(weight.shape) == 4 else 0.1))
    return model


@pytest.mark.parametrize("name", ["espcn_x3_transpose", "fsrcnn_x2_transpose", "espcn_x2_transpose_2r"])
def test_transposed_convolutions_run_as_sub_pixel_ones_whose_tiles_are_the_whole(name):
    small = {"d": 6, "s": 4, "m": 1} if name.startswith("fsrcnn") else {"filters": 8, "narrow": 6}
    model = zoo.create_model(name, **small)
    chosen = create_enlarger(model)
    picture = noise(45, 391, 3)
    whole = enlarge_picture(picture, chosen, "off")
    for tile in (64, 7):
        np.testing.assert_array_equal(enlarge_picture(picture, chosen, tile), whole)
    # Values that differ from those of the unchanged layers are one level away: they are rounded differently.
    unchanged = PictureNetwork(model, field_of(model), is_own=True)
    floats = unchanged.enlarge_rgb(tf.constant(picture[None], tf.float32) / 255)[0].numpy() * 255
    assert np.abs(whole - floats).max() <= 0.5005


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_the_rounded_interpolation(scale):
    picture = noise(2, 30, 20, 3)
    expected = np.clip(np.rint(enlarge(tf.constant(picture, tf.float32), scale)), 0, 255)
    np.testing.assert_array_equal(zoo.upscale(picture, f"bicubic_x{scale}"), expected)
    np.testing.assert_array_equal(zoo.upscale(picture, f"bicubic_x{scale}", tile=7), expected)


@pytest.mark.parametrize(
    ("shape", "large"),
    [((5, 4), (10, 8)), ((5, 4, 1), (10, 8, 1)), ((5, 4, 4), (10, 8, 4)), ((3, 5, 4, 2), (3, 10, 8, 2))],
)
def test_dimensions_are_kept(shape, large):
    assert zoo.upscale(np.zeros(shape, np.uint8), "bicubic_x2").shape == large


def test_types_are_kept_and_rounded(enlarging):
    model = zoo.create_model("sesr_x2_subpixel", pretrained=True)
    values = np.random.default_rng(0).random((5, 4, 3))
    assert zoo.upscale(values, model).dtype == np.float64
    for dtype, peak, error in ((np.uint8, 255, 0.5), (np.uint16, 65535, 0.51), (np.float16, 1, 2e-3)):
        given = (values * peak).round().astype(dtype) if peak > 1 else values.astype(dtype)
        out = zoo.upscale(given, model)
        assert out.dtype == dtype
        exact = zoo.upscale(given.astype(np.float64) / peak, model) * peak
        assert np.abs(out - exact).max() <= error


def test_opaque_stays_opaque_transparent_stays_transparent_and_no_fringe_appears(enlarging):
    picture = np.zeros((24, 24, 4), np.uint8)
    picture[:, :12] = (200, 100, 50, 255)
    large = zoo.upscale(picture, "sesr_x2_subpixel")
    assert (large[:, :20, 3] == 255).all()
    assert (large[:, 28:, 3] == 0).all()
    assert ((large[:, 20:28, 3] > 0) & (large[:, 20:28, 3] < 255)).any()
    # Colours near the edge equal those of a picture without one: black under transparency does not bleed in.
    even = zoo.upscale(np.broadcast_to(picture[:1, :1, :3], (24, 24, 3)), "sesr_x2_subpixel")
    np.testing.assert_array_equal(large[..., :3], even)
    opaque = np.concatenate([noise(24, 24, 3), np.full((24, 24, 1), 255, np.uint8)], -1)
    np.testing.assert_array_equal(
        zoo.upscale(opaque, "sesr_x2_subpixel")[..., :3], zoo.upscale(opaque[..., :3], "sesr_x2_subpixel")
    )
    assert (zoo.upscale(opaque, "sesr_x2_subpixel")[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4, 5), np.uint8), r"1 to 4 channels.*\(4, 4, 5\), uint8"),
        (np.zeros(4, np.uint8), r"takes \[h, w\]"),
        (np.zeros((4, 4), np.int32), "uint8, uint16, or floats.*int32"),
        (np.zeros((0, 4), np.uint8), "at least one pixel"),
        (np.full((4, 4), 1.5), "floats in 0..1.*1.5"),
        (np.full((4, 4), np.nan), "floats in 0..1.*nan"),
    ],
)
def test_what_is_no_picture_is_refused(array, message):
    with pytest.raises(ValueError, match=message):
        zoo.upscale(array, "bicubic_x2")


def test_names_and_networks_that_do_not_fit_are_refused(enlarging):
    picture = noise(4, 4)
    with pytest.raises(UnknownNameError, match=r"espcn_x3_subpixl.*did you mean espcn_x3_subpixel"):
        zoo.upscale(picture, "espcn_x3_subpixl")
    with pytest.raises(
        UnknownNameError, match=r"ae_subpixel does not enlarge pictures; bicubic_x2 to bicubic_x9 .*sesr.* do: "
    ):
        zoo.upscale(picture, "ae_subpixel")
    with pytest.raises(UnknownNameError, match="weights are not published"):
        zoo.upscale(picture, "fsrcnn_x4_subpixel")
    with pytest.raises(ValueError, match=r"tile=0 must be at least 1"):
        zoo.upscale(picture, "bicubic_x2", tile=0)
    fixed = keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match=r"takes \(None, 8, 8, 1\)"):
        zoo.upscale(picture, keras.Model(fixed, fixed))
    any_size = keras.Input((None, None, 1))
    valid = keras.Model(any_size, keras.layers.Conv2D(1, 3)(any_size))
    with pytest.raises(ValueError, match="16x24 pixels into 14x22"):
        zoo.upscale(picture, valid)
