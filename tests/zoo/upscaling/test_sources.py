"""Check what zoo.upscale makes of paths, Pillow images and pictures: the same as of the arrays that they show."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

import zoo
from zoo.imaging import Picture, PictureError, read_picture, write_picture

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MODEL = "bicubic_x2"


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def same(large, shown):
    np.testing.assert_array_equal(np.asarray(large), zoo.upscale(shown, MODEL))


def test_a_path_and_an_image_become_an_upright_image_with_its_profile(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "small.png"
    pixels = noise(5, 7, 3)
    Image.fromarray(pixels).save(path, exif=exif, icc_profile=PROFILE)
    for source in (path, str(path), Image.open(path)):
        large = zoo.upscale(source, MODEL)
        assert isinstance(large, Image.Image)
        assert (large.mode, large.size, large.info["icc_profile"]) == ("RGB", (10, 14), PROFILE)
        same(large, np.rot90(pixels, -1))


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "L", "LA", "RGBA"])
def test_an_image_is_enlarged_as_what_it_shows(mode):
    colours = Image.fromarray(noise(6, 5, 4))
    image = colours.convert("RGB").quantize(9) if mode == "P" else colours.convert(mode)
    shown = image.convert({"1": "L", "P": "RGB", "CMYK": "RGB"}.get(mode, mode))
    large = zoo.upscale(image, MODEL)
    assert large.mode == shown.mode
    same(large, np.asarray(shown))


def test_16_bits_become_a_picture_that_can_be_written(tmp_path):
    pixels = noise(5, 7, 3, dtype=np.uint16)
    write_picture(tmp_path / "small.png", Picture(pixels, PROFILE))
    large = zoo.upscale(tmp_path / "small.png", MODEL)
    assert isinstance(large, Picture)
    assert large.profile == PROFILE
    same(large.pixels, pixels)
    write_picture(tmp_path / "large.png", large)
    np.testing.assert_array_equal(read_picture(tmp_path / "large.png").pixels, large.pixels)
    same(zoo.upscale(Image.fromarray(pixels[..., 0]), MODEL).pixels[..., 0], pixels[..., 0])


def test_an_image_says_what_its_file_says(tmp_path):
    gamma = PngImagePlugin.PngInfo()
    gamma.add(b"gAMA", (100_000).to_bytes(4, "big"))
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Camera", 3
    path = tmp_path / "small.png"
    Image.fromarray(noise(5, 7, 3)).save(path, pnginfo=gamma, exif=exif, dpi=(300, 300))
    for source in (path, Image.open(path)):
        large = zoo.upscale(source, MODEL)
        assert large.info["dpi"] == pytest.approx((300, 300), abs=0.02)
        assert dict(large.getexif()) == {0x010F: "Camera"}
        profile = ImageCms.ImageCmsProfile(io.BytesIO(large.info["icc_profile"]))
        shown = ImageCms.profileToProfile(
            Image.new("RGB", (1, 1), (128, 128, 128)), profile, ImageCms.createProfile("sRGB")
        )
        # Light of 0.5 is 188 of 255 in sRGB.
        assert shown.getpixel((0, 0)) == pytest.approx((188, 188, 188), abs=1)


def test_what_cannot_be_read_is_refused_before_the_model_is_loaded(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    for source, message in ((tmp_path / "text.png", "text.png is not"), (tmp_path / "no.png", "No such file")):
        with pytest.raises(PictureError, match=message):
            zoo.upscale(source, "no_such_model")
