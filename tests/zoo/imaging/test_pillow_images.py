"""Compare pixels of every mode of Pillow images with the colours that they were made of."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from zoo.imaging import PictureError, read_picture
from zoo.imaging.pillow_images import image_of, picture_of

RED_INK, RED = (0, 255, 255, 0), (255, 0, 0)


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def printed(inks, transform, marker=True, subsampling=0):
    """Return a JPEG of one colour, stored as CMYK (transform 0) or YCCK (2), with or without Adobe's marker."""
    stored = Image.new("CMYK", (32, 32), inks)
    if transform:
        # Pillow stores 255 minus every value. Adobe's YCCK is YCbCr of the inks as if they were RGB, and black.
        ycc = Image.new("RGB", (1, 1), inks[:3]).convert("YCbCr").getpixel((0, 0))
        stored = Image.new("CMYK", (32, 32), (*(255 - value for value in ycc), inks[3]))
    file = io.BytesIO()
    stored.save(file, "JPEG", quality=100, subsampling=subsampling)
    content = file.getvalue()
    place = content.index(b"Adobe") - 4
    segment = content[place : place + 15] + bytes([transform]) if marker else b""
    return content[:place] + segment + content[place + 16 :]


@pytest.mark.parametrize(
    ("transform", "marker", "subsampling"), [(0, True, 0), (0, False, 0), (2, True, 0), (2, True, 2), (2, False, 2)]
)
@pytest.mark.parametrize(
    ("inks", "colour"), [(RED_INK, RED), ((200, 30, 90, 40), (46, 190, 139)), ((0, 0, 0, 0), (255, 255, 255))]
)
def test_inks_of_a_jpeg_are_read_however_they_are_stored(inks, colour, transform, marker, subsampling, tmp_path):
    path = tmp_path / "printed.jpg"
    path.write_bytes(printed(inks, transform, marker, subsampling))
    pixels = read_picture(path).pixels
    assert pixels.shape == (32, 32, 3)
    assert np.abs(pixels.astype(int) - colour).max() <= 4


def test_cmyk_of_other_formats_and_of_memory_is_not_inverted():
    inks = Image.new("CMYK", (3, 2), RED_INK)
    file = io.BytesIO()
    inks.save(file, "TIFF")
    for image in (inks, Image.open(file)):
        assert (picture_of(image).pixels == RED).all()


@pytest.mark.parametrize("mode", ["RGB", "YCbCr", "HSV", "RGBX", "P"])
def test_colours_become_rgb(mode):
    colours = Image.new("RGB", (5, 4), RED)
    pixels = picture_of(colours.convert(mode)).pixels
    assert pixels.shape == (4, 5, 3)
    assert np.abs(pixels.astype(int) - RED).max() <= 2


def test_lab_becomes_rgb():
    colours = Image.new("RGB", (5, 4), (180, 60, 30))
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(colours, srgb, lab, outputMode="LAB")
    assert np.abs(picture_of(image).pixels.astype(int) - (180, 60, 30)).max() <= 3


@pytest.mark.parametrize(("mode", "kept"), [("L", "LA"), ("RGB", "RGBA")])
def test_colours_multiplied_by_alpha_are_divided_by_it(mode, kept):
    image = Image.new(kept, (2, 2), (200, 128) if mode == "L" else (200, 100, 50, 128))
    pixels = picture_of(image.convert("La" if mode == "L" else "RGBa")).pixels
    assert np.abs(pixels.astype(int) - image.getpixel((0, 0))).max() <= 1


def test_single_bits_grey_and_16_bits_are_as_they_are():
    bits = noise(4, 5) > 127
    np.testing.assert_array_equal(picture_of(Image.fromarray(bits)).pixels[..., 0], bits * 255)
    deep = noise(4, 5, dtype=np.uint16)
    for image in (Image.fromarray(deep), Image.fromarray(deep.astype(np.int32))):
        pixels = picture_of(image).pixels
        assert pixels.dtype == np.uint16
        np.testing.assert_array_equal(pixels[..., 0], deep)


def test_a_palette_with_transparency_has_alpha():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1])
    image.info["transparency"] = 1
    assert picture_of(image).pixels.tolist() == [[[255, 0, 0, 255], [0, 255, 0, 0]]]
    image.info["transparency"] = bytes([128, 255])
    assert picture_of(image).pixels.tolist() == [[[255, 0, 0, 128], [0, 255, 0, 255]]]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image.new("F", (2, 2)), "the F image cannot be read: it holds floats"),
        (Image.new("I", (2, 2), 70_000), "integers from 70000 to 70000; save it with 8 or 16 bits"),
        (Image.new("I", (2, 2), -1), "integers from -1"),
        (Image.new("RGB", (0, 2)), "it has no pixels"),
    ],
)
def test_values_without_a_known_white_are_refused(image, message):
    with pytest.raises(PictureError, match=message):
        read_picture(image)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_images_of_pixels_are_the_same_pixels(mode):
    pixels = noise(3, 4, len(mode))
    image = image_of(picture_of(Image.fromarray(pixels[..., 0] if mode == "L" else pixels)))
    assert image.mode == mode
    np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)
