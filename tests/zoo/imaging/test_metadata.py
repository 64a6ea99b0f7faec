"""Check which metadata are kept, in every format, and that a picture looks the same in formats without PNG's chunks."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tests.helpers.lying_pictures import chunk
from zoo.imaging import Metadata, Picture, PictureError, fitted, read_picture, write_picture
from zoo.imaging.colour_profile import profile_from
from zoo.imaging.encoding import Encoding

NOISE = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
XMP = (
    '<x:xmpmeta><rdf:Description tiff:Orientation="6" exif:PixelXDimension="16" dc:title="a &amp; b">'
    "<tiff:ImageWidth>16</tiff:ImageWidth><xmp:Thumbnails><a/></xmp:Thumbnails></rdf:Description></x:xmpmeta>"
)
CLEAN_XMP = b'<x:xmpmeta><rdf:Description dc:title="a &amp; b"></rdf:Description></x:xmpmeta>'


def exif(orientation=6):
    """Return EXIF of a photograph: camera, exposure, place, size and orientation."""
    given = Image.Exif()
    given[0x010F], given[0x0112], given[0x011A], given[0x011B], given[0x0128] = "Camera", orientation, 240.0, 240.0, 2
    given[0x8769] = {0x829A: 0.005, 0xA002: 16, 0xA003: 12, 0x927C: b"maker's note", 0x9003: "2020:01:02 03:04:05"}
    given[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    return given


def saved(path, form, **options):
    Image.fromarray(NOISE).save(path, form, **options)
    return read_picture(path)


@pytest.mark.parametrize(("form", "dpi"), [("JPEG", (300, 150)), ("PNG", (300, 150)), ("TIFF", (300, 150))])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif", ".lossless.avif", ".tif"])
def test_metadata_survive_from_any_format_to_any_other(form, dpi, suffix, tmp_path):
    options = {"pnginfo": PngImagePlugin.PngInfo()} if form == "PNG" else {"xmp": XMP.encode()}
    if form == "PNG":
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP)
    if form == "TIFF":
        options = {"tiffinfo": Image.Exif()}
        options["tiffinfo"].load(exif().tobytes())
        options["tiffinfo"][700] = XMP.encode()
    picture = saved(tmp_path / "source", form, dpi=dpi, **{"exif": exif()} | options)
    path = tmp_path / f"target{suffix}"
    write_picture(path, picture, Encoding(lossless="lossless" in suffix))
    with Image.open(path) as image:
        # The picture was turned.
        assert image.size == (12, 16)
        written, details, place = image.getexif(), image.getexif().get_ifd(0x8769), image.getexif().get_ifd(0x8825)
        assert written[0x010F] == "Camera"
        assert written.get(0x0112, 1) == 1
        assert (float(details[0x829A]), details[0x9003]) == (0.005, "2020:01:02 03:04:05")
        assert (details[0xA002], details[0xA003]) == (12, 16)
        assert details[0x927C] == b"maker's note"
        assert (place[1], [float(each) for each in place[2]]) == ("N", [48, 8, 0])
        assert not written.get_ifd(1)
    metadata = read_picture(path).metadata
    # Pillow itself removes the orientation of a TIFF, but leaves a space.
    assert metadata.xmp.replace(b"  ", b" ") == CLEAN_XMP
    assert metadata.dpi == pytest.approx((150, 300), abs=0.02)


def test_a_bmp_keeps_the_resolution_and_the_rest_is_named(tmp_path):
    picture = saved(tmp_path / "source.jpg", "JPEG", dpi=(300, 300), exif=exif(1), xmp=XMP.encode())
    path = tmp_path / "target.bmp"
    _, lost = fitted(path, picture)
    assert lost == [
        f"{path} is written without the picture's EXIF of {len(picture.metadata.exif)} bytes: BMP holds none",
        f"{path} is written without the picture's XMP of {len(CLEAN_XMP)} bytes: BMP holds none",
    ]
    write_picture(path, picture)
    assert Image.open(path).info["dpi"] == pytest.approx((300, 300), abs=0.02)


def test_more_than_a_jpeg_holds_is_named_and_left_out(tmp_path):
    picture = Picture(NOISE, metadata=Metadata(xmp=b"x" * 65_505))
    path = tmp_path / "target.jpg"
    assert "without the picture's XMP of 65,505 bytes: JPEG holds at most 65,504" in fitted(path, picture)[1][0]
    write_picture(path, picture)
    assert "xmp" not in Image.open(path).info
    write_picture(path, Picture(NOISE, metadata=Metadata(xmp=b"x" * 65_504)))
    assert len(Image.open(path).info["xmp"]) == 65_504


@pytest.mark.parametrize("size", [65_400, 65_440, 65_470, 65_500, 65_530])
def test_exif_of_any_length_is_written_or_named(size, tmp_path):
    given = Image.Exif()
    given[0x010F], given[0x8769] = "c" * (size - 60), {0xA001: 1}
    picture = Picture(NOISE, metadata=Metadata(exif=given.tobytes()[6:]))
    path = tmp_path / "target.jpg"
    _, lost = fitted(path, picture)
    write_picture(path, picture)
    assert ("exif" in Image.open(path).info) == (not lost)


def test_an_encoder_that_fails_is_named(tmp_path, monkeypatch):
    def failing(*_, **__):
        raise ValueError("encoding error 6: partition too large\nand more")

    monkeypatch.setattr(Image.Image, "save", failing)
    with pytest.raises(PictureError, match=r"target.webp cannot be written: encoding error 6: partition too large$"):
        write_picture(tmp_path / "target.webp", Picture(NOISE))
    assert not list(tmp_path.iterdir())


def test_resolutions_are_not_invented(tmp_path):
    for form in ("JPEG", "PNG", "TIFF", "WEBP", "GIF"):
        assert saved(tmp_path / "plain", form).metadata == Metadata()
    assert saved(tmp_path / "a", "JPEG", exif=exif(1)).metadata.dpi == (240, 240)
    given = Image.Exif()
    given[0x010F] = "Camera"
    assert saved(tmp_path / "b", "JPEG", exif=given).metadata.dpi is None


@pytest.mark.parametrize(
    "content", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(50), b"Exif\0\0II*\0\xff\xff"]
)
def test_broken_exif_is_ignored(content, tmp_path):
    metadata = saved(tmp_path / "picture.jpg", "JPEG", exif=content).metadata
    assert metadata.exif is None
    assert metadata.dpi is None


def a_png(path, chunks, pixels=NOISE):
    """Write a PNG with chunks between its header and its pixels."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    content = file.getvalue()
    path.write_bytes(content[:33] + b"".join(chunk(kind, body) for kind, body in chunks.items()) + content[33:])
    return read_picture(path)


GAMMA = {b"gAMA": struct.pack(">I", 100_000)}
PLACES = {b"cHRM": struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)}
P3 = {b"cICP": bytes([12, 13, 0, 1])}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("chunks", [GAMMA, PLACES, GAMMA | PLACES, {b"sRGB": b"\1"}, P3, P3 | GAMMA])
def test_a_png_keeps_what_says_how_its_colours_look(chunks, dtype, tmp_path):
    picture = a_png(tmp_path / "source.png", chunks)
    assert picture.colour == chunks
    deep = picture.pixels.astype(dtype) * (257 if dtype == np.uint16 else 1)
    write_picture(tmp_path / "target.png", Picture(deep, None, picture.colour, Metadata((300, 300), None, CLEAN_XMP)))
    again = read_picture(tmp_path / "target.png")
    assert again.colour == chunks
    assert again.metadata.xmp == CLEAN_XMP
    assert again.metadata.dpi == pytest.approx((300, 300), abs=0.02)
    np.testing.assert_array_equal(again.pixels, deep)


def linear_srgb(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def as_srgb(light):
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.clip(light, 0, 1) ** (1 / 2.4) - 0.055)


# To linear sRGB, rounded, from CSS Color 4: Display P3 and Rec. 2020.
FROM_P3 = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
FROM_2020 = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]


@pytest.mark.parametrize(
    ("chunks", "to_light", "matrix"),
    [
        (GAMMA, lambda values: values, np.eye(3)),
        ({b"gAMA": struct.pack(">I", 55_556)}, lambda values: values**1.8, np.eye(3)),
        (P3, linear_srgb, FROM_P3),
        (PLACES, linear_srgb, FROM_2020),
        (GAMMA | PLACES, lambda values: values, FROM_2020),
        ({b"cICP": bytes([1, 4, 0, 1])}, lambda values: values**2.2, np.eye(3)),
    ],
)
def test_a_profile_shows_the_colours_that_the_chunks_mean(chunks, to_light, matrix, tmp_path):
    # Colours that sRGB has too.
    values = np.random.default_rng(1).integers(90, 160, (8, 8, 3), np.uint8)
    picture = a_png(tmp_path / "source.png", chunks, values)
    expected = as_srgb(to_light(values / 255) @ np.array(matrix).T) * 255
    write_picture(tmp_path / "target.tif", picture)
    with Image.open(tmp_path / "target.tif") as image:
        np.testing.assert_array_equal(np.asarray(image), values)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), renderingIntent=1)
    assert np.abs(np.asarray(shown) - np.clip(expected, 0, 255)).max() <= 1.6


def test_grey_has_a_profile_of_grey(tmp_path):
    ramp = np.arange(20, 256, 5, dtype=np.uint8)[None]
    picture = a_png(tmp_path / "source.png", GAMMA, ramp)
    write_picture(tmp_path / "target.tif", picture)
    with Image.open(tmp_path / "target.tif") as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert np.abs(np.asarray(shown)[..., 0] - as_srgb(ramp / 255) * 255).max() <= 1.5


@pytest.mark.parametrize(
    "chunks",
    [
        {b"sRGB": b"\0"},
        {b"gAMA": struct.pack(">I", 45_455)},
        {b"sRGB": b"\0"} | GAMMA,
        {b"cICP": bytes([1, 13, 0, 1])} | GAMMA,
        {b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)},
        {b"cHRM": bytes(32)},
        {b"gAMA": bytes(4)},
    ],
)
def test_srgb_needs_no_profile(chunks):
    assert profile_from(chunks, grey=False) is None


def test_light_beyond_white_is_written_as_png_only(tmp_path):
    chunks = {b"cICP": bytes([9, 16, 0, 1])}
    picture = a_png(tmp_path / "source.png", chunks)
    with pytest.raises(
        PictureError, match=r"target.jpg cannot be written: no ICC profile .* cICP 9, 16, 0, 1; write a"
    ):
        write_picture(tmp_path / "target.jpg", picture)
    write_picture(tmp_path / "target.png", picture)
    assert read_picture(tmp_path / "target.png").colour == chunks
