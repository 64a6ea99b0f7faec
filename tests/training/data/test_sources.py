"""Names of sources, sources that are joined, and new kinds of sources."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from training.data import SourceError, batches, known_sources, open_source, validate_source
from training.data.batches.pictures import ArrayPictures
from training.data.source import Source
from training.data.source_kind import SourceKind
from training.data.spec import parse_spec

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def no_prepared_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "no-tfds"))


def fill(folder: Path, shade: int, *, count: int = 10, mode: str = "L", size: tuple[int, int] = (6, 4)) -> str:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new(mode, size, (shade + number,) * len(mode)).save(folder / f"{number:02d}.png")
    return f"folder:{folder}"


def shades(source: str, split: str) -> list[int]:
    pictures = open_source(source).split(split)
    return pictures.take(tf.range(pictures.count, dtype=tf.int64)).numpy()[:, 0, 0, 0].tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "spec", ["mnist", "glyphs", "photos", "cifar10+glyphs", "auto:mnist|glyphs", "mnist_corrupted/fog"]
)
def test_good_names(spec: str) -> None:
    validate_source(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "The source '' is not a name; give a TFDS image set, glyphs"),
        ("mnist+", "'' in the source 'mnist\\+' is not a name"),
        ("auto:", "'' in the source 'auto:' is not a name"),
        ("auto:mnist||glyphs", "'' in the source"),
        ("auto:auto:mnist", "'auto:mnist' in the source"),
        ("folder:", "The source 'folder:' is not a name"),
        ("MNIST", "did you mean mnist"),
        ("mnits", r"There is no source 'mnits' \(did you mean mnist"),
        ("celeba", r"did you mean celeb_a"),
        ("dicess", "There is no source 'dicess'"),
        ("glyfs", "did you mean glyphs"),
        ("nosuch", "There is no source 'nosuch'"),
        ("glyphs+nosuch", "There is no source 'nosuch'"),
        ("mnist/nosuch", "The TFDS set mnist/nosuch cannot be opened"),
        ("mnist:9.9.9", "The TFDS set mnist:9.9.9 cannot be opened"),
        ("../etc", "is not a name"),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_bad_names(spec: str, message: str, training: bool) -> None:
    with pytest.raises(SourceError, match=message):
        validate_source(spec, training=training)


def test_names_are_checked_without_tensorflow() -> None:
    code = (
        "import sys; from training.data import *; validate_source('glyphs+photos'); "
        "assert 'tensorflow_datasets' not in sys.modules; validate_source('mnist'); "
        "assert not {'tensorflow', 'matplotlib', 'skimage'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_folder_with_separators_in_its_name(tmp_path: Path) -> None:
    odd, plain = fill(tmp_path / "a+b|c", 0), fill(tmp_path / "d", 100)
    (only,) = parse_spec(odd)
    assert [part.text for part in only] == [odd]
    (joined,) = parse_spec(f"{odd}+{plain}+glyphs")
    assert [part.text for part in joined] == [odd, plain, "glyphs"]
    alternatives = parse_spec(f"auto:{odd}|{plain}+glyphs")
    assert [[part.text for part in each] for each in alternatives] == [[odd], [plain, "glyphs"]]


def test_join_keeps_the_parts_of_each(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", 0), fill(tmp_path / "two", 100, count=20)
    joined = f"{one}+{two}"
    assert open_source(joined).name == joined
    for split in ("train", "validation", "test"):
        assert shades(joined, split) == shades(one, split) + shades(two, split)
    assert shades(joined, "validation") == [4, 104, 114]
    assert shades(joined, "test") == [9, 109, 119]


def test_join_of_grey_and_colour_is_colour(tmp_path: Path) -> None:
    grey, colour = fill(tmp_path / "grey", 0), fill(tmp_path / "colour", 100, mode="RGB")
    source = open_source(f"{grey}+{colour}")
    assert source.image_shape == (4, 6, 3)
    train = source.split("train")
    found = train.take(tf.constant([0, train.count - 1, 1, 0], tf.int64)).numpy()  # type: ignore[union-attr]
    assert found.shape == (4, 4, 6, 3)
    assert (found == np.array([0, 108, 1, 0]).reshape(4, 1, 1, 1)).all()
    shown = [part["image"] for part in batches(train, batch_size=4, seed=0, total_steps=4).as_numpy_iterator()]
    assert sorted(np.concatenate(shown)[:, 0, 0, 2].tolist()) == sorted(shades(f"{grey}+{colour}", "train"))


def test_join_of_sizes_needs_one_size(tmp_path: Path) -> None:
    small, large = fill(tmp_path / "small", 0), fill(tmp_path / "large", 0, size=(9, 9))
    with pytest.raises(SourceError, match=r"different sizes \(.*small 4x6, .*large 9x9\); give one with image_size"):
        open_source(f"{small}+{large}").split("train")
    assert open_source(f"{small}+{large}", image_size=8).image_shape == (8, 8, 1)
    assert [each.shape for each in open_source(f"{small}+{large}", image_size=8).pictures("test")] == [
        (4, 6, 1),
        (9, 9, 1),
    ]


def test_join_with_glyphs(tmp_path: Path) -> None:
    folder = fill(tmp_path / "own", 0, size=(28, 28))
    source = open_source(f"{folder}+glyphs")
    train = source.split("train")
    assert (train.count, train.endless, source.classes) == (60_008, False, 0)
    glyphs = open_source("glyphs").split("train")
    both = train.take(tf.constant([7, 8, 60_007], tf.int64)).numpy()  # type: ignore[union-attr]
    assert both[0].max() == 8
    expected = glyphs.take(tf.constant([0, 59_999], tf.int64))  # type: ignore[union-attr]
    np.testing.assert_array_equal(both[1:], expected)


def test_join_changes_the_fingerprint(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", 0), fill(tmp_path / "two", 1)
    prints = {open_source(spec).fingerprint for spec in (one, two, f"{one}+{two}", f"{two}+{one}")}
    assert len(prints) == 4


def test_small_pictures_are_no_super_resolution_source() -> None:
    with pytest.raises(SourceError, match="glyphs has small pictures of one size and cannot train super-resolution"):
        open_source("glyphs").pictures("train")


def test_wrong_size_is_refused() -> None:
    with pytest.raises(SourceError, match="image_size=0 is not a size"):
        open_source("glyphs", image_size=0)


def test_unknown_part_is_refused() -> None:
    with pytest.raises(SourceError, match="glyphs has no dev part; it has train, validation, test"):
        open_source("glyphs").split("dev")


class StripeSource(Source):
    """Hold four pictures of the shade in the name."""

    fingerprint = "0123456789ab"

    def __init__(self, name: str) -> None:
        super().__init__(name=name, image_shape=(4, 6, 1), splits=("train",))

    def _split(self, split: str) -> ArrayPictures:
        return ArrayPictures(np.full((4, 4, 6, 1), int(self.name.partition(":")[2]), np.uint8))


class Stripes(SourceKind):
    """Opens `stripes:SHADE`; there are shades below 200 only."""

    allowed = "stripes:SHADE"

    def matches(self, text: str) -> bool:
        return text.startswith("stripes:")

    def exists(self, text: str) -> bool:
        return int(text.partition(":")[2]) < 200

    def open(self, text: str, *_: object) -> StripeSource:
        return StripeSource(text)


def test_a_new_kind_of_source_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="'stripes:7' is not a name"):
        validate_source("stripes:7")
    monkeypatch.setattr(known_sources, "SOURCES", list(known_sources.SOURCES))
    known_sources.register_source(Stripes())
    validate_source("stripes:7")
    assert shades("stripes:7", "train") == [7] * 4
    folder = fill(tmp_path / "grey", 100)
    assert shades(f"stripes:7+{folder}", "train") == [7] * 4 + shades(folder, "train")
    assert open_source("auto:stripes:7|glyphs").name == "stripes:7"
    with pytest.raises(SourceError, match="There is no source 'stripes:200'"):
        validate_source("stripes:200")
    with pytest.raises(
        SourceError, match=r"is not a name \(did you mean dsprites\?\); give .*folder:PATH, stripes:SHADE, a\+b"
    ):
        validate_source("Stripes")
