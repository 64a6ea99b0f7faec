"""Check sizes, qualities and limits that are asked for, of arrays and of files."""

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.helpers.lying_pictures import png
from zoo.__main__ import main
from zoo.imaging import PictureError, read_picture, reduce_picture
from zoo.upscaling.sizes import final_size

MODEL = "bicubic_x2"


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.fixture
def upscale(tmp_path, monkeypatch, capsys):
    """Enlarge a file in an empty folder; return the exit code and stderr."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(20, 30, 3)).save("small.png")

    def run(target, *arguments, source="small.png"):
        try:
            code = main(["upscale", source, target, "--model", MODEL, *arguments])
        except SystemExit as stop:
            code = stop.code
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (None, (90, 60)),
        ((90, 60), (90, 60)),
        ((45, None), (45, 30)),
        ((None, 7), (11, 7)),
        ((1, None), (1, 1)),
        ((10, 60), (10, 60)),
        ((89, None), (89, 59)),
    ],
)
def test_a_missing_side_keeps_the_proportions(asked, size):
    assert final_size(30, 20, 3, asked) == size


def test_an_enlargement_is_reduced_to_the_size():
    for picture in (noise(20, 30, 3), noise(20, 30, 4, dtype=np.uint16), noise(20, 30)):
        large = zoo.upscale(picture, MODEL)
        expected = reduce_picture(large.reshape(40, 60, -1), 50, 30)
        small = zoo.upscale(picture, MODEL, size=(50, 30))
        np.testing.assert_array_equal(small, expected.reshape(small.shape))
    assert zoo.upscale(Image.fromarray(noise(20, 30)), MODEL, size=(45, None)).size == (45, 30)


@pytest.mark.parametrize("size", [(61, None), (None, 41), (30, 41), (61, 20)])
def test_more_than_the_model_makes_is_refused_with_the_reason(size):
    with pytest.raises(PictureError, match=r"makes at most 60x40 pixels \(width x height\) of 30x20, not .*only add"):
        zoo.upscale(noise(20, 30), MODEL, size=size)


@pytest.mark.parametrize("size", [(None, None), (0, 5), (5, -1)])
def test_no_size_is_refused(size):
    with pytest.raises(ValueError, match="of at least one pixel"):
        zoo.upscale(noise(20, 30), MODEL, size=size)


def test_the_command_reduces_to_a_size(upscale):
    for arguments, size in (
        (("--size", "50x30"), (50, 30)),
        (("--width", "45"), (45, 30)),
        (("--height", "20"), (30, 20)),
        (("--width", "50", "--height", "30"), (50, 30)),
    ):
        code, said = upscale("large.png", "--force", *arguments)
        assert (code, "stretched" in said) == (0, size == (50, 30))
        assert Image.open("large.png").size == size
    expected = reduce_picture(zoo.upscale(noise(20, 30, 3), MODEL), 50, 30)
    np.testing.assert_array_equal(np.asarray(Image.open("large.png")), expected)


def test_a_stretched_picture_is_mentioned(upscale):
    code, said = upscale("large.png", "--size", "50x20")
    assert code == 0
    assert "small.png: 30x20 was stretched to 50x20; 30x20 has its proportions" in said
    assert Image.open("large.png").size == (50, 20)
    assert upscale("other.png", "--size", "40x27") == upscale("third.png", "--size", "41x27") == (0, "")


def test_a_quality_that_does_not_matter_is_mentioned(upscale):
    assert upscale("large.jpg", "--quality", "80") == (0, "")
    code, said = upscale("large.png", "--quality", "80")
    assert code == 0
    assert "large.png loses nothing, so --quality does not matter" in said


def test_a_format_may_hold_the_reduced_picture_alone(upscale):
    Image.fromarray(np.zeros((1, 40_000), np.uint8)).save("wide.png")
    assert upscale("large.jpg", source="wide.png")[0] == 2
    assert upscale("large.jpg", "--width", "60000", source="wide.png") == (0, "")
    assert Image.open("large.jpg").size == (60_000, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", "91x60"), "small.png: a model of scale 2 makes at most 60x40 pixels (width x height)"),
        (("--width", "91"), "not 91x61"),
        (("--size", "50x40", "--width", "50"), "--size says both"),
        (("--size", "50"), "'50' is not WIDTHxHEIGHT in pixels, such as --size 1920x1080"),
        (("--size", "0x5"), "'0x5' is not WIDTHxHEIGHT"),
        (("--width", "-5"), "'-5' must be a whole number of pixels from 1"),
        (("--quality", "0"), "'0' must be a whole number from 1 to 100"),
        (("--quality", "90", "--lossless"), "not allowed with argument"),
        (("--most-megapixels", "0"), "'0' must be millions of pixels, such as 250"),
        (("--most-megapixels", "nan"), "'nan' must be millions"),
        (("--most-megapixels", "0.0005"), "30x20 pixels; at most 500 are read; most_megapixels (--most-megapixels)"),
        (("--metadata", "some"), "'some' is not one of keep, none"),
    ],
)
def test_what_cannot_be_is_said_in_a_line_and_nothing_is_made(upscale, arguments, message, tmp_path):
    code, said = upscale("large.png", *arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert message in said
    assert [path.name for path in tmp_path.iterdir()] == ["small.png"]


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif"])
def test_less_quality_is_a_smaller_file(upscale, tmp_path, suffix):
    sizes = []
    for quality in ("30", "95", "100"):
        assert upscale(f"large.{suffix}", "--force", "--quality", quality) == (0, "")
        sizes.append((tmp_path / f"large.{suffix}").stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]
    assert upscale(f"large.{suffix}", "--force") == (0, "")
    assert (tmp_path / f"large.{suffix}").stat().st_size == sizes[1]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_webp_and_avif_may_lose_nothing(upscale, tmp_path, channels):
    colours = noise(20, 30, channels)
    if channels in (2, 4):
        colours[:5, :, -1] = 0
    Image.fromarray(colours.squeeze(), {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]).save(
        "small.png", dpi=(300, 300)
    )
    expected = zoo.upscale(colours, MODEL)
    for target in ("large.webp", "large.avif", "large.png", "large.tif"):
        assert upscale(target, "--lossless") == (0, "")
        written = read_picture(tmp_path / target)
        assert written.metadata.dpi == pytest.approx((300, 300), abs=0.01)
        pixels = written.pixels
        if channels < 3 and pixels.shape[2] > channels:
            assert np.ptp(pixels[..., :3], axis=2).max() == 0
            pixels = np.delete(pixels, (1, 2), axis=2)
        np.testing.assert_array_equal(pixels, expected)


def test_what_cannot_be_lossless_is_refused(upscale, monkeypatch):
    code, said = upscale("large.jpg", "--lossless")
    assert (code, said.count("\n")) == (2, 1)
    assert "large.jpg cannot be lossless in JPEG; write a .webp, .avif or .png" in said
    monkeypatch.setattr("zoo.imaging.writing.can_write_lossless_avif", lambda: False)
    code, said = upscale("large.avif", "--lossless")
    assert (code, said.count("\n")) == (2, 1)
    assert "cannot be lossless in AVIF without pyvips: pip install 'pyvips[binary]'" in said


def test_larger_pictures_are_read_on_request(tmp_path):
    (tmp_path / "large.png").write_bytes(png(15_000, 15_000))
    with pytest.raises(PictureError, match="100,000,000"):
        zoo.upscale(tmp_path / "large.png", MODEL)
    # The header is accepted then, and the missing pixels are noticed.
    for limit in (225, 1000):
        with pytest.raises(PictureError, match="cannot be read"):
            read_picture(tmp_path / "large.png", limit * 10**6)
    assert Image.MAX_IMAGE_PIXELS == 89_478_485
