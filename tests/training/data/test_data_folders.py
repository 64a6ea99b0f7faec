import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from training.data import SourceError, open_source, picture_files, validate_source
from training.data.fit import to_square
from training.data.picture_files import read_picture
from training.data.picture_source import divide
from training.machine import forget_peak, peak

Maker = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Makes a folder of pictures of the given (height, width) or (height, width, 3)."""

    def make(*shapes: tuple[int, ...], name: str = "pictures") -> Path:
        folder = tmp_path / name
        (folder / "deeper").mkdir(parents=True)
        random = np.random.default_rng(0)
        for number, shape in enumerate(shapes):
            where = folder / "deeper" if number % 2 else folder
            Image.fromarray(random.integers(80, 180, shape, np.uint8)).save(where / f"{number:03d}.png")
        return folder

    return make


def all_of(source: str, split: str, **options: int) -> np.ndarray:
    pictures = open_source(source, **options).split(split)
    return pictures.take(tf.range(pictures.count, dtype=tf.int64)).numpy()  # type: ignore[union-attr]


@pytest.mark.parametrize("count", [*range(3, 25), 91, 400])
def test_parts_are_disjoint_and_complete(count: int) -> None:
    parts = divide(count)
    assert sorted(number for part in parts.values() for number in part) == list(range(count))
    assert min(len(part) for part in parts.values()) >= 1
    if count >= 10:
        assert parts["test"] == list(range(9, count, 10))
        assert parts["validation"] == list(range(4, count, 10))


def test_pictures_of_one_size_keep_it(make: Maker) -> None:
    folder = make(*[(6, 8, 3)] * 12)
    source = open_source(f"folder:{folder}")
    assert (source.name, source.reason, source.image_shape) == (f"folder:{folder}", "", (6, 8, 3))
    assert [source.split(split).count for split in source.splits] == [10, 1, 1]
    # In name order the ones below `deeper`, 001 to 011, come last: number 9 is deeper/007.png.
    np.testing.assert_array_equal(
        all_of(f"folder:{folder}", "test")[0], np.asarray(Image.open(folder / "deeper" / "007.png"))
    )


def test_mixed_sizes_are_resized_and_cropped(make: Maker) -> None:
    folder = make((40, 80, 3), (64, 64), (50, 33, 3))
    source = open_source(f"folder:{folder}")
    assert source.image_shape == (32, 32, 3)
    assert open_source(f"folder:{folder}", image_size=16).image_shape == (16, 16, 3)
    pictures = all_of(f"folder:{folder}", "all")
    assert pictures.shape == (3, 32, 32, 3)
    wide = Image.open(folder / "000.png").resize((64, 32), Image.Resampling.BICUBIC).crop((16, 0, 48, 32))
    assert np.abs(pictures[0].astype(int) - np.asarray(wide)).max() <= 1
    grey = Image.open(folder / "deeper" / "001.png").resize((32, 32), Image.Resampling.BICUBIC)
    assert np.abs(pictures[2].astype(int) - np.asarray(grey)[..., None]).max() <= 1


def test_full_size_pictures_stay_as_they_are(make: Maker) -> None:
    folder = make((40, 80, 3), (64, 64), (50, 33, 3))
    pictures = list(open_source(f"folder:{folder}").pictures("all"))
    assert [picture.shape for picture in pictures] == [(40, 80, 3), (50, 33, 3), (64, 64, 1)]
    np.testing.assert_array_equal(pictures[0], np.asarray(Image.open(folder / "000.png")))
    assert [picture.shape for picture in open_source(f"folder:{folder}").pictures("train")] == [(40, 80, 3)]


def test_fingerprint_changes_with_the_pictures(make: Maker) -> None:
    folder = make(*[(8, 8)] * 3)
    before = open_source(f"folder:{folder}").fingerprint
    assert open_source(f"folder:{folder}").fingerprint == before
    assert open_source(f"folder:{folder}", image_size=4).fingerprint != before
    Image.new("L", (8, 8)).save(folder / "000.png")
    after = open_source(f"folder:{folder}").fingerprint
    assert after != before
    (folder / "000.png").rename(folder / "a.png")
    assert open_source(f"folder:{folder}").fingerprint != after
    assert len(after) == 12
    int(after, 16)


def test_tiny_folders_can_be_evaluated_on_but_not_trained_on(make: Maker) -> None:
    folder = make((8, 8), (8, 8))
    source = open_source(f"folder:{folder}")
    assert source.split("test").count == 2
    with pytest.raises(SourceError, match=r"no train part; it has test\. Training needs at least 3 pictures.*has 2"):
        source.split("train")


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


def test_other_files_are_left_out(make: Maker) -> None:
    folder = make(*[(8, 8)] * 3)
    (folder / "notes.txt").write_text("no picture")
    (folder / "._000.png").write_bytes(b"resource fork")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "thumb.png").write_bytes(b"")
    assert open_source(f"folder:{folder}").split("all").count == 3


@pytest.mark.parametrize("check", [validate_source, open_source])
def test_missing_and_empty_folders(tmp_path: Path, check: Callable[[str], object]) -> None:
    with pytest.raises(SourceError, match=r"folder:.*missing cannot be read: .*missing does not exist"):
        check(f"folder:{tmp_path}/missing")
    with pytest.raises(SourceError, match=r"holds no pictures\. Give a folder of pictures"):
        check(f"folder:{tmp_path}")
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(SourceError, match="is not a folder"):
        check(f"folder:{tmp_path}/file.png")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def large_jpeg(path: Path, side: int) -> None:
    Image.new("RGB", (64, 64)).save(path, "JPEG")
    content = bytearray(path.read_bytes())
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    path.write_bytes(content)


def large_png(path: Path, side: int) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)))


def animated(path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("suffix", "write", "message"),
    [
        (".png", lambda path: path.write_bytes(b""), "cannot identify image file"),
        (".jpg", lambda path: path.write_text("no picture"), "cannot identify image file"),
        (".png", lambda path: large_png(path, 10_001), "10001x10001 pixels; at most 100,000,000 are read"),
        (".png", lambda path: large_png(path, 60_000), "decompression bomb"),
        (".png", lambda path: large_png(path, 2**31 - 1), "decompression bomb"),
        (".jpg", lambda path: large_jpeg(path, 10_001), "10001x10001 pixels; at most 100,000,000 are read"),
        (".jpg", lambda path: large_jpeg(path, 60_000), "decompression bomb"),
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
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), pixels)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "b.jpg", quality=100)
    assert np.abs(read_picture(tmp_path / "b.jpg").astype(int) - (255, 0, 0)).max() <= 3
    for number, shape in enumerate([(1, 1, 3), (1, 65_535, 3), (65_535, 1, 3)]):
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        np.testing.assert_array_equal(read_picture(tmp_path / f"{number}.png"), pixels)
    source = open_source(f"folder:{tmp_path}")
    assert source.image_shape == (32, 32, 3)
    assert sum(source.split(split).count for split in source.splits) == 5


@pytest.mark.parametrize("length", [65, 66, 501, 2_000])
def test_the_ends_of_long_pictures_change_nothing(length: int) -> None:
    line = np.random.default_rng(0).integers(0, 256, (1, length, 3), np.uint8)
    for image in (line, line.swapaxes(0, 1)):
        near = tf.cast(tf.image.resize(image, [n * 32 for n in image.shape[:2]], "bicubic", antialias=True), tf.float32)
        middle = tf.image.resize_with_crop_or_pad(near, 32, 32)
        np.testing.assert_allclose(to_square(tf.constant(image), 32), np.clip(middle, 0, 255), atol=1)


def test_long_pictures_take_little_memory() -> None:
    for shape in ((1, 200_000, 1), (200_000, 1, 1)):
        line = tf.constant(7, tf.uint8, shape)
        forget_peak()
        before = peak()
        assert (to_square(line, 32).numpy() == 7).all()
        assert peak() - before < 100


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), expected)


def test_grey_alpha_palette_bilevel_and_16_bits(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[7, 255], [7, 0]]], np.uint8)).save(tmp_path / "la.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "la.png"), [[[7], [255]]])
    palette = Image.new("P", (2, 1))
    palette.putpalette([1, 2, 3, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png"), [[[1, 2, 3], [200, 100, 50]]])
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "one.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "one.png"), [[[255], [0]]])
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "deep.png"), [[[0], [100], [255]]])


def test_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (16, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(tmp_path / "a.jpg").shape == (16, 8, 3)


def test_named_super_resolution_sets(make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(*[(8, 8, 3)] * 43, name="BSDS400")
    make(*[(9, 8, 3)] * 5, name="Set5")
    make(*[(8, 9, 3)] * 20, name="T91")
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    bsds = open_source("bsds400")
    assert bsds.splits == ("train", "validation")
    assert [bsds.split(split).count for split in bsds.splits] == [41, 2]
    held_out = sorted(
        path.relative_to(tmp_path / "BSDS400").as_posix() for path in (tmp_path / "BSDS400").rglob("*.png")
    )
    np.testing.assert_array_equal(
        list(bsds.pictures("validation")),
        [np.asarray(Image.open(tmp_path / "BSDS400" / held_out[number])) for number in (19, 39)],
    )
    with pytest.raises(SourceError, match=r"bsds400 has no test part; it has train, validation\. Test on set5"):
        bsds.split("test")
    assert open_source("set5").split("test").count == 5
    with pytest.raises(SourceError, match=r"set5 has no train part.*evaluation only and never trained on"):
        open_source("set5").split("train")
    for spec in ("set5", "t91+set5", "auto:t91|set14"):
        with pytest.raises(SourceError, match=r"set\d+ is for evaluation only and never trained on"):
            validate_source(spec)
    validate_source("set5", training=False)
    joined = open_source("t91+bsds400", image_size=8)
    assert [joined.split(split).count for split in joined.splits] == [20 + 41, 2]


def test_named_sets_need_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SR_DATA_DIR", raising=False)
    with pytest.raises(SourceError, match=r"SR_DATA_DIR is not set\. Set it to the folder that holds T91"):
        validate_source("t91")
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    with pytest.raises(SourceError, match="T91 does not exist"):
        validate_source("t91")


def test_photos() -> None:
    source = open_source("photos")
    assert source.splits == ("train", "validation", "test")
    shapes = [picture.shape for picture in source.pictures("all")]
    assert len(shapes) == 12
    assert shapes[0] == (512, 512, 3)
    (cat,) = source.pictures("test")
    assert cat.shape == (300, 451, 3)
    assert source.split("train").shape == (32, 32, 3)
    assert source.split("train").count == 10


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
