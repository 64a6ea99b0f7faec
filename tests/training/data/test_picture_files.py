"""Single picture files of a folder: every kind that is read, and what is refused in a line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.lying_pictures import jpeg, png
from training.data import SourceError, open_source
from training.data.sources import picture_files
from training.data.sources.picture_files import load_training_picture

Maker = Callable[..., Path]
TOO_MANY = "10001x10001 pixels; at most 100,000,000 are read"


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_broken_picture_is_named(make: Maker, suffix: str, kept: float) -> None:
    folder = make(*[(32, 32, 3)] * 4)
    broken = folder / f"broken{suffix}"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)).save(broken)
    content = broken.read_bytes()
    broken.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(SourceError, match=rf"{broken} cannot be read .*; repair it or take it out"):
        open_source(f"folder:{folder}")


def test_decompression_bomb_is_refused(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(*[(32, 32, 3)] * 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(SourceError, match=r"000\.png cannot be read .*decompression bomb"):
        open_source(f"folder:{folder}")


def animated(path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:])


# Pillow warns of pictures that are a little smaller than the limit of this project.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("suffix", "write", "message"),
    [
        (".png", lambda path: path.write_bytes(b""), "cannot identify image file"),
        (".jpg", lambda path: path.write_text("no picture"), "cannot identify image file"),
        (
            ".png",
            lambda path: path.write_bytes(png(10_001, 10_001)),
            TOO_MANY,
        ),
        (".png", lambda path: path.write_bytes(png(60_000, 60_000)), "decompression bomb"),
        (".png", lambda path: path.write_bytes(png(2**31 - 1, 2**31 - 1)), "decompression bomb"),
        (
            ".jpg",
            lambda path: path.write_bytes(jpeg(10_001, 10_001)),
            TOO_MANY,
        ),
        (".jpg", lambda path: path.write_bytes(jpeg(60_000, 60_000)), "decompression bomb"),
        (".png", lambda path: animated(path, "PNG"), "animation of 2 pictures"),
        (".webp", lambda path: animated(path, "WEBP"), "animation of 2 pictures"),
        (".png", lambda path: animated(path, "GIF"), "cannot identify image file"),
        (".png", lambda path: Image.new("RGB", (8, 8)).save(path, "EPS"), "cannot identify image file"),
        (".jpg", lambda path: Image.new("RGB", (8, 8)).save(path, "TIFF"), "cannot identify image file"),
    ],
)
def test_harmful_files_are_named_in_a_line(
    make: Maker, suffix: str, write: Callable[[Path], None], message: str
) -> None:
    folder = make(*[(8, 8, 3)] * 3)
    harmful = folder / f"harmful{suffix}"
    write(harmful)
    with pytest.raises(SourceError, match=rf"{harmful} cannot be read .*{message}") as error:
        open_source(f"folder:{folder}")
    assert "\n" not in str(error.value)


def test_unusual_pictures_are_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", "BMP")
    np.testing.assert_array_equal(load_training_picture(tmp_path / "a.png"), pixels)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "b.jpg", quality=100)
    assert np.abs(load_training_picture(tmp_path / "b.jpg").astype(int) - (255, 0, 0)).max() <= 3
    for number, shape in enumerate([(1, 1, 3), (1, 65_535, 3), (65_535, 1, 3)]):
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        np.testing.assert_array_equal(load_training_picture(tmp_path / f"{number}.png"), pixels)
    source = open_source(f"folder:{tmp_path}")
    assert source.image_shape == (32, 32, 3)
    assert sum(source.split(split).count for split in source.splits) == 5


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]
    np.testing.assert_array_equal(load_training_picture(tmp_path / "a.png"), expected)


def test_grey_alpha_palette_bilevel_and_16_bits(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[7, 255], [7, 0]]], np.uint8)).save(tmp_path / "la.png")
    np.testing.assert_array_equal(load_training_picture(tmp_path / "la.png"), [[[7], [255]]])
    palette = Image.new("P", (2, 1))
    palette.putpalette([1, 2, 3, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "p.png")
    np.testing.assert_array_equal(load_training_picture(tmp_path / "p.png"), [[[1, 2, 3], [200, 100, 50]]])
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "one.png")
    np.testing.assert_array_equal(load_training_picture(tmp_path / "one.png"), [[[255], [0]]])
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(load_training_picture(tmp_path / "deep.png"), [[[0], [100], [255]]])


def test_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (16, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert load_training_picture(tmp_path / "a.jpg").shape == (16, 8, 3)


@pytest.mark.parametrize("change", ["other", "gone"])
def test_a_picture_that_changes_or_vanishes_while_it_is_used_is_named(make, monkeypatch, change):
    # Nothing is kept in memory, as with pictures beyond the first gigabyte.
    monkeypatch.setattr(picture_files, "_KEPT_BYTES", 0)
    folder = make(*[(8, 8)] * 4)
    pictures = open_source(f"folder:{folder}").pictures("train")
    assert len(list(pictures)) == 2
    first = folder / "000.png"
    if change == "other":
        Image.new("L", (8, 8), 7).save(first)
    else:
        first.unlink()
    with pytest.raises(SourceError, match=rf"The picture {first} (has changed|cannot be read)"):
        list(pictures)


def test_shapes_of_large_sets_are_kept_and_files_are_not_decoded_again(tmp_path, monkeypatch):

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(picture_files, "CACHED_FROM", 100)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.fromarray(np.full((9, 10 + number, 3), number, np.uint8)).save(path)
    names = [path.name for path in paths]
    first = picture_files.PictureFiles(paths, names)
    decoded = []
    load = picture_files.load_training_picture
    monkeypatch.setattr(picture_files, "load_training_picture", lambda path: decoded.append(path) or load(path))
    second = picture_files.PictureFiles(paths, names)
    assert decoded == []
    assert (second.shapes, second.digest) == (first.shapes, first.digest)
    for number in (1, 1, 2):
        np.testing.assert_array_equal(second[number], first[number])
    assert decoded == [paths[1], paths[2]]
    Image.fromarray(np.zeros((9, 10, 3), np.uint8)).save(paths[1])
    assert picture_files.PictureFiles(paths, names).digest != first.digest
    assert len(decoded) == 5
