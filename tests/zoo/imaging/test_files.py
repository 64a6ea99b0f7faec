"""Check reading and writing of pictures against Pillow, TensorFlow and the formats' definitions."""

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageCms, ImageOps

from tests.helpers.lying_pictures import chunk, jpeg, png
from zoo.imaging import Picture, PictureError, check_writable, read_picture, write_picture
from zoo.system.machine import forget_peak, peak

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (130, 7)])
def test_png_keeps_every_bit_and_the_profile(size, channels, dtype, tmp_path):
    picture = Picture(noise(*size, channels, dtype=dtype), PROFILE)
    path = tmp_path / "picture.png"
    write_picture(path, picture)
    again = read_picture(path)
    np.testing.assert_array_equal(again.pixels, picture.pixels)
    assert (again.pixels.dtype, again.profile) == (dtype, PROFILE)
    decoded = tf.io.decode_png(path.read_bytes(), dtype=tf.as_dtype(dtype)).numpy()
    np.testing.assert_array_equal(decoded, picture.pixels)
    with Image.open(path) as image:
        image.verify()
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_smooth_pictures_of_16_bits_are_packed():
    y, x = np.mgrid[:200, :300]
    smooth = (20 * x + 35 * y).astype(np.uint16)[..., None]
    from zoo.imaging.deep_png import write_deep_png

    file = io.BytesIO()
    write_deep_png(file, smooth)
    assert len(file.getvalue()) < smooth.nbytes / 20


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_pictures_are_upright_as_pillow_turns_them(suffix, orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(noise(6, 9, 3)).save(path, exif=exif, icc_profile=PROFILE)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.profile == PROFILE
    write_picture(tmp_path / "again.png", picture)
    np.testing.assert_array_equal(read_picture(tmp_path / "again.png").pixels, expected)


def test_16_bits_are_turned_too(tmp_path):
    path = tmp_path / "deep.png"
    pixels = noise(3, 5, 3, dtype=np.uint16)
    write_picture(path, Picture(pixels))
    content = path.read_bytes()
    exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    path.write_bytes(content[:33] + chunk(b"eXIf", exif) + content[33:])
    np.testing.assert_array_equal(read_picture(path).pixels, np.rot90(pixels, -1))


def transparent_colour(path, pixels, colour):
    """Return a 16-bit PNG in which one colour stands for transparency."""
    write_picture(path, Picture(pixels))
    content, body = path.read_bytes(), struct.pack(f">{len(colour)}H", *colour)
    path.write_bytes(content[:33] + chunk(b"tRNS", body) + content[33:])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_colour_that_means_transparency_becomes_transparency(channels, tmp_path):
    path = tmp_path / "keyed.png"
    pixels = noise(4, 5, channels, dtype=np.uint16)
    transparent_colour(path, pixels, pixels[1, 2].tolist())
    read = read_picture(path).pixels
    assert read.shape == (4, 5, channels + 1)
    np.testing.assert_array_equal(read[..., :channels], pixels)
    expected = np.full((4, 5), 65535)
    expected[1, 2] = 0
    np.testing.assert_array_equal(read[..., -1], expected)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_keeps_its_transparency(depth, tmp_path):
    path = tmp_path / "keyed.png"
    samples = np.arange(8) % 2**depth
    bits = (samples[:, None] >> np.arange(depth)[::-1] & 1).astype(np.uint8)
    header = struct.pack(">IIBBBBB", 8, 1, depth, 0, 0, 0, 0)
    chunks = {
        b"IHDR": header,
        b"tRNS": struct.pack(">H", 1),
        b"IDAT": zlib.compress(b"\0" + np.packbits(bits).tobytes()),
        b"IEND": b"",
    }
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks.items()))
    pixels = read_picture(path).pixels
    np.testing.assert_array_equal(pixels[0, :, 0], samples * 255 // (2**depth - 1))
    np.testing.assert_array_equal(pixels[0, :, 1], np.where(samples == 1, 0, 255))
    np.testing.assert_array_equal(pixels, tf.io.decode_png(path.read_bytes(), channels=4).numpy()[..., [0, 3]])


def test_palettes_single_bits_and_keyed_grey_become_plain(tmp_path):
    path = tmp_path / "picture.png"
    palette = Image.fromarray(noise(8, 8, 3)).quantize(16)
    palette.save(path)
    np.testing.assert_array_equal(read_picture(path).pixels, np.asarray(palette.convert("RGB")))
    palette.save(path, transparency=0)
    assert read_picture(path).pixels.shape == (8, 8, 4)
    bits = noise(5, 7) > 127
    Image.fromarray(bits).save(path)
    np.testing.assert_array_equal(read_picture(path).pixels[..., 0], bits * 255)
    grey = noise(5, 7)
    Image.fromarray(grey).save(path, transparency=int(grey[0, 0]))
    np.testing.assert_array_equal(read_picture(path).pixels[..., 0], grey)
    np.testing.assert_array_equal(read_picture(path).pixels[..., 1], np.where(grey == grey[0, 0], 0, 255))


def test_cmyk_becomes_rgb(tmp_path):
    path = tmp_path / "printed.jpg"
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(path, quality=100, icc_profile=b"not a profile")
    picture = read_picture(path)
    assert np.abs(picture.pixels.astype(int) - (255, 0, 0)).max() <= 3
    assert picture.profile is None


def test_the_content_decides_what_a_file_is(tmp_path):
    path = tmp_path / "named.png"
    Image.fromarray(noise(8, 8)).save(path, "JPEG")
    assert read_picture(path).pixels.shape == (8, 8, 1)


def test_a_jpeg_with_a_preview_is_its_first_picture(tmp_path):
    first, preview = Image.fromarray(noise(16, 16, 3)), Image.fromarray(noise(8, 8, 3))
    path = tmp_path / "camera.jpg"
    first.save(path, "MPO", save_all=True, append_images=[preview])
    assert read_picture(path).pixels.shape == (16, 16, 3)


def test_large_headers_are_refused_without_memory(tmp_path):
    sizes = [(60_000, 60_000), (10_001, 10_000), (65_500, 65_500)]
    for number, size in enumerate([*sizes, (2**31 - 1, 2**31 - 1)]):
        (tmp_path / f"{number}.png").write_bytes(png(*size))
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(*size))
        (tmp_path / f"{number}.jpeg").write_bytes(jpeg(*size, progressive=True))
    forget_peak()
    before = peak()
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(PictureError, match=r"100,000,000( pixels that)? are read") as caught:
            read_picture(path)
        assert "\n" not in str(caught.value)
    assert peak() - before < 50


def test_harmful_files_are_refused_in_a_line(tmp_path):
    def refused(name, message):
        with pytest.raises(PictureError, match=message) as caught:
            read_picture(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert name in str(caught.value)

    (tmp_path / "large.png").write_bytes(png(10_001, 10_000))
    refused("large.png", "10001x10000 pixels; at most 100,000,000")
    (tmp_path / "bomb.png").write_bytes(png(100_000, 100_000))
    refused("bomb.png", "more than the 100,000,000 pixels")
    for suffix in ("png", "jpg", "webp"):
        path = tmp_path / f"short.{suffix}"
        Image.fromarray(noise(64, 64, 3)).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        refused(path.name, "cannot be read|is not a picture")
    write_picture(tmp_path / "deep.png", Picture(noise(64, 64, 3, dtype=np.uint16)))
    (tmp_path / "deep.png").write_bytes((tmp_path / "deep.png").read_bytes()[:9000])
    refused("deep.png", "cannot be read")
    (tmp_path / "text.png").write_text("no picture")
    refused("text.png", r"is not a picture \(PNG, JPEG")
    (tmp_path / "empty.jpg").touch()
    refused("empty.jpg", r"is not a picture \(PNG, JPEG")
    Image.fromarray(noise(8, 8)).save(tmp_path / "other.png", "ICO")
    refused("other.png", r"is not a picture \(PNG, JPEG")
    frames = [Image.fromarray(noise(8, 8, 3) // n) for n in (1, 2, 3)]
    for name in ("moving.png", "moving.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        refused(name, "animation of 3 pictures")
    refused("missing.png", "No such file")


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "message"),
    [
        ("a.jpg", (5, 5, 3), np.uint16, "16 and JPEG keeps 8; write a .png"),
        ("a.webp", (5, 5, 1), np.uint16, "16 and WEBP keeps 8"),
        ("a.jpeg", (5, 5, 4), np.uint8, "transparency, which JPEG cannot hold; write a .png or .webp"),
        ("a.JPG", (1, 65501, 3), np.uint8, "65501x1 pixels; JPEG has at most 65,500"),
        ("a.webp", (16384, 1, 3), np.uint8, "1x16384 pixels; WEBP has at most 16,383"),
        ("a.tif", (5, 5, 2), np.uint16, "16 and TIFF keeps 8 of grey with transparency; write a .png"),
        ("a.bmp", (5, 5, 4), np.uint8, "transparency, which BMP cannot hold"),
        ("a.bmp", (20_000, 40_000, 3), np.uint8, "40000x20000 pixels, too many for BMP"),
        ("a.gif", (5, 5, 3), np.uint8, r"must end in one of \.png, \.jpg"),
        ("a", (5, 5, 3), np.uint8, r"must end in one of \.png, \.jpg"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name, shape, dtype, message, tmp_path):
    with pytest.raises(PictureError, match=message):
        check_writable(tmp_path / name, shape, np.dtype(dtype))
    with pytest.raises(PictureError, match=message):
        write_picture(tmp_path / name, Picture(np.broadcast_to(np.zeros((), dtype), shape)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_takes_no_longer_profile_than_can_be_read_again(dtype, tmp_path):
    path, pixels = tmp_path / "picture.png", noise(4, 5, 3, dtype=dtype)
    write_picture(path, Picture(pixels, bytes(2**20)))
    assert read_picture(path).profile == bytes(2**20)
    with pytest.raises(PictureError, match=r"profile has 1,048,577 bytes, and a PNG at most 1,048,576; write a \.jpg"):
        write_picture(tmp_path / "other.png", Picture(pixels, bytes(2**20 + 1)))
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_jpeg_and_webp_are_near_and_keep_grey_alpha_and_profile(tmp_path):
    y, x = np.mgrid[:40, :50]
    waves = np.stack([128 + 90 * np.sin(x / a + y / b) for a, b in ((9, 7), (8, 11), (12, 6))], -1).astype(np.uint8)
    for name, pixels in (("a.jpg", waves), ("b.jpg", waves[..., :1]), ("a.webp", waves)):
        write_picture(tmp_path / name, Picture(pixels, PROFILE))
        again = read_picture(tmp_path / name)
        assert again.pixels.shape == pixels.shape
        assert np.abs(again.pixels.astype(int) - pixels).mean() < 2
        assert again.profile == PROFILE
    with Image.open(tmp_path / "a.jpg") as image:
        # Without subsampling every component has one sample per pixel.
        assert {component[1:3] for component in image.layer} == {(1, 1)}
    transparent = np.concatenate([waves[..., :1], noise(40, 50, 1)], -1)
    write_picture(tmp_path / "b.webp", Picture(transparent))
    np.testing.assert_array_equal(read_picture(tmp_path / "b.webp").pixels[..., 3], transparent[..., 1])


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    path.write_bytes(b"before")

    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zoo.imaging.writing.encode", broken)
    with pytest.raises(OSError, match="No space left"):
        write_picture(path, Picture(noise(4, 4, 3)))
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]
