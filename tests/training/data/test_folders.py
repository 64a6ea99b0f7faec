"""Folders of pictures as sources: their parts, sizes and names."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from training.data import SourceError, open_source, validate_source
from training.data.sources.pictures import divide

Maker = Callable[..., Path]


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
    make(*[(8, 8, 3)] * 10, name="Flickr2K")
    assert [open_source("flickr2k").split(split).count for split in ("train", "validation", "test")] == [8, 1, 1]


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
