"""Read and write pictures in every format, and compare their pixels with those that other programs stored."""

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from zoo.imaging import (
    Metadata,
    Picture,
    PictureError,
    SeveralPicturesError,
    holds_picture,
    read_picture,
    write_picture,
)
from zoo.imaging.encoding import Encoding

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(channels):
    y, x = np.mgrid[:30, :40]
    return np.stack([128 + 90 * np.sin(x / a + y / 9) for a in (9, 8, 12, 10)][:channels], -1).astype(np.uint8)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "JPEG2000", "PPM", "QOI"])
def test_the_content_decides_what_is_read(form, tmp_path):
    path = tmp_path / "picture.png"
    image = Image.fromarray(noise(7, 9, 3))
    image = image.quantize(20) if form == "GIF" else image
    image.save(path, form)
    assert holds_picture(path)
    np.testing.assert_array_equal(read_picture(path).pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("shape", "kind", "options"),
    [
        ((5, 7, 3), "rgb", {}),
        ((5, 7, 3), "rgb", {"compression": "zlib", "predictor": True}),
        ((20, 33, 3), "rgb", {"tile": (16, 16)}),
        ((5, 7, 4), "rgb", {"extrasamples": ["unassalpha"]}),
        ((5, 7), "minisblack", {}),
        ((5, 7), "minisblack", {"compression": "zlib"}),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_a_tiff_keeps_16_bits(shape, kind, options, order, tmp_path):
    pixels = noise(*shape, dtype=np.uint16)
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, pixels, photometric=kind, byteorder=order, **options)
    read = read_picture(path).pixels
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, pixels.reshape(*shape[:2], -1))
    tifffile.imwrite(path, pixels, photometric=kind, byteorder=order, extratags=[(274, 3, 1, 6, True)], **options)
    np.testing.assert_array_equal(read_picture(path).pixels, np.rot90(read, -1))


def test_tiffs_of_other_kinds_are_right_or_refused(tmp_path):
    path = tmp_path / "deep.tif"
    pixels = noise(5, 7, dtype=np.uint16)
    tifffile.imwrite(path, pixels, photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(path).pixels[..., 0], 65535 - pixels)
    shown = noise(5, 7)
    tifffile.imwrite(path, shown, photometric="minisblack", extratags=[(274, 3, 1, 6, True)])
    np.testing.assert_array_equal(read_picture(path).pixels[..., 0], np.rot90(shown, -1))
    colours = noise(5, 7, 3, dtype=np.uint16)
    multiplied = np.concatenate([colours // 2, np.full((5, 7, 1), 32768, np.uint16)], -1)
    tifffile.imwrite(path, multiplied, photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(read_picture(path).pixels[..., :3].astype(int) - colours).max() <= 2
    tifffile.imwrite(path, colours.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    with pytest.raises(PictureError, match="16 bits in separate planes"):
        read_picture(path)
    tifffile.imwrite(path, noise(2, 5, 7, 3), photometric="rgb")
    with pytest.raises(SeveralPicturesError, match="document of 2 pages"):
        read_picture(path)
    tifffile.imwrite(path, noise(5, 7, 3), photometric="rgb", subfiletype=1)
    with pytest.raises(SeveralPicturesError, match="begins with a reduced copy"):
        read_picture(path)
    Image.new("L", (3, 3)).save(path, "GIF", save_all=True, append_images=[Image.new("L", (3, 3), 9)])
    with pytest.raises(SeveralPicturesError, match="animation of 2 pictures"):
        read_picture(path)


@pytest.mark.parametrize(
    ("suffix", "channels"),
    [(".tif", (1, 2, 3, 4)), (".TIFF", (3,)), (".bmp", (1, 3)), (".png", (1, 2, 3, 4))],
)
def test_formats_without_loss_keep_every_bit_and_the_profile(suffix, channels, tmp_path):
    for count in channels:
        pixels, path = noise(6, 9, count), tmp_path / f"{count}{suffix}"
        profile = None if suffix == ".bmp" else PROFILE
        write_picture(path, Picture(pixels, profile))
        again = read_picture(path)
        np.testing.assert_array_equal(again.pixels, pixels)
        assert again.profile == profile


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_tiff_holds_16_bits(channels, tmp_path):
    pixels, path = noise(6, 9, channels, dtype=np.uint16), tmp_path / "deep.tif"
    exif = Image.Exif()
    exif[0x010F], exif[0x8769] = "Camera", {0x829A: 0.5}
    metadata = Metadata((300, 150), exif.tobytes()[6:], b"<x/>")
    write_picture(path, Picture(pixels, PROFILE, metadata=metadata))
    np.testing.assert_array_equal(tifffile.imread(path), pixels.squeeze())
    again = read_picture(path)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert (again.profile, again.metadata.dpi, again.metadata.xmp) == (PROFILE, (300, 150), b"<x/>")
    with Image.open(path) as image:
        assert image.getexif()[0x010F] == "Camera"
        assert image.getexif().get_ifd(0x8769) == {0x829A: 0.5, 0xA002: 9, 0xA003: 6}


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".avif", ".webp"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_formats_with_loss_are_near(suffix, channels, tmp_path):
    if channels in (2, 4) and suffix in (".jfif", ".jpe"):
        return
    pixels, path = smooth(channels), tmp_path / f"picture{suffix}"
    write_picture(path, Picture(pixels, PROFILE if channels > 2 else None))
    again = read_picture(path)
    shown = pixels if again.pixels.shape == pixels.shape else pixels[..., [0, 0, 0, *range(1, channels)]]
    assert np.abs(again.pixels.astype(int) - shown).mean() < 2
    assert again.profile == (PROFILE if channels > 2 else None)


def grey_profile(gamma):
    """Return an ICC profile of grey, version 2, with a pure power as its curve."""
    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + b"\0\0"
    white = b"XYZ \0\0\0\0" + b"".join(round(value * 65536).to_bytes(4, "big") for value in (0.9642, 1, 0.8249))
    words = b"desc\0\0\0\0" + (2).to_bytes(4, "big") + b"g\0" + bytes(78)
    tags, body = b"", b""
    for name, content in ((b"desc", words), (b"wtpt", white), (b"kTRC", curve)):
        tags += name + (132 + 36 + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content + bytes(-len(content) % 4)
    head = bytes(8) + b"\x02\x10\0\0" + b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    content = head + (3).to_bytes(4, "big") + tags + body
    return len(content).to_bytes(4, "big") + content[4:]


@pytest.mark.parametrize(("suffix", "channels"), [(".webp", 1), (".webp", 2), (".avif", 2), (".lossless.avif", 1)])
def test_grey_with_a_profile_looks_the_same_in_a_format_of_colours(suffix, channels, tmp_path):
    grey = np.repeat(np.arange(16, 256, 16, dtype=np.uint8), 16)[None, :, None].repeat(16, 0)
    pixels = np.concatenate([grey, np.full_like(grey, 255)], -1)[..., :channels]
    path = tmp_path / f"grey{suffix}"
    write_picture(path, Picture(pixels, grey_profile(1.0)), Encoding(lossless="lossless" in suffix))
    linear = grey / 255
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert np.abs(read_picture(path).pixels[:, 4::16, :3].astype(int) - srgb[:, 4::16]).max() <= 3


def test_a_damaged_tiff_is_refused_without_a_word_of_the_library(tmp_path, capfd):
    path = tmp_path / "cut.tif"
    Image.fromarray(noise(40, 40, 3)).save(path, compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[100:300] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(PictureError, match="cannot be read"):
        read_picture(path)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_picture_is_known_by_its_beginning(tmp_path):
    (tmp_path / "words.png").write_text("no picture")
    assert not holds_picture(tmp_path / "words.png")
    assert holds_picture(tmp_path / "missing.png")
