import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from training.data import (
    SourceError,
    SourceUnavailableError,
    batches,
    evaluation_batches,
    open_source,
    validate_source,
)
from training.data.batches.streamed import StreamedPictures
from training.data.sources import tfds_download, tfds_sets
from training.data.sources.tfds import TfdsSource, split_ranges
from zoo.system import hosts as reachable

ROOT = Path(__file__).resolve().parents[3]


def picture(split: str, number: int) -> np.ndarray:
    return np.full((4, 5, 1), number + (100 if split == "test" else 0), np.uint8)


class ZooTinyPictures(tfds.core.GeneratorBasedBuilder):
    """60 training and 9 test pictures that show their number."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = Path(__file__).parent

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(4, 5, 1)),
                    "mask": tfds.features.Image(shape=(None, None, 1)),
                    "label": tfds.features.ClassLabel(num_classes=3),
                }
            )
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        return {"train": self._generate_examples("train", 60), "test": self._generate_examples("test", 9)}

    def _generate_examples(self, split: str, count: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for number in range(count):
            image = picture(split, number)
            yield number, {"image": image, "mask": np.zeros((64, 64, 1), np.uint8), "label": number % 3}


class ZooMixedPictures(ZooTinyPictures):
    """12 colour pictures of many sizes, under `hr`, without a test part."""

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"hr": tfds.features.Image(shape=(None, None, 3))})
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        return {"train": self._generate_examples("train", 12)}

    def _generate_examples(self, split: str, count: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for number in range(count):
            yield number, {"hr": np.full((40 + number, 50, 3), number, np.uint8)}


class ZooTexts(ZooTinyPictures):
    """A set without pictures."""

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict({"text": tfds.features.Text()}))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tfds")
    config = tfds.download.DownloadConfig(num_shards=3)
    for builder in (ZooTinyPictures, ZooMixedPictures):
        builder(data_dir=str(folder)).download_and_prepare(download_config=config)
    return folder


@pytest.fixture
def at_hand(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    return prepared


@pytest.fixture
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that does not exist yet, and hosts that do not answer."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "deep" / "tfds"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(reachable, "_request", lambda *_: False)
    return tmp_path


@pytest.fixture
def downloadable(nothing_at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, but the host of our sets answers."""
    monkeypatch.setattr(reachable, "_request", lambda *_: True)
    monkeypatch.setattr(tfds_download, "download_url", lambda _: "https://example.org/a.zip")
    return nothing_at_hand


def everything(pictures: Any) -> list[int]:
    parts = evaluation_batches(pictures, batch_size=4).as_numpy_iterator()
    return [int(each) for part in parts for each in part["image"][part["mask"] == 1.0][:, 0, 0, 0]]


def training(source: TfdsSource, **options: int) -> list[dict[str, Any]]:
    return list(batches(source.split("train"), batch_size=8, seed=5, total_steps=20, **options).as_numpy_iterator())


def opened(spec: str, **options: int) -> TfdsSource:
    name = tfds_sets.parse_set_name(spec)
    assert name is not None
    return TfdsSource(name, tfds_download.prepare(name), **options)


def test_prepared_set(at_hand: Path) -> None:
    source = open_source("zoo_tiny_pictures")
    assert (source.name, source.reason) == ("zoo_tiny_pictures", "")
    assert (source.image_shape, source.classes, source.splits) == ((4, 5, 1), 3, ("train", "validation", "test"))
    shown = {split: everything(source.split(split)) for split in source.splits}
    assert [len(shown[split]) for split in source.splits] == [54, 6, 9]
    assert sorted(shown["train"] + shown["validation"]) == list(range(60))
    assert sorted(shown["test"]) == list(range(100, 109))
    in_file_order = tfds.ReadConfig(interleave_cycle_length=1)
    on_disk = tfds.load("zoo_tiny_pictures", split="train", data_dir=at_hand, read_config=in_file_order)
    assert shown["train"] + shown["validation"] == [int(each["image"][0, 0, 0]) for each in on_disk]


def test_labels_go_with_their_pictures(at_hand: Path) -> None:
    for limit in (0, 1 << 30):
        pictures = opened("zoo_tiny_pictures", memory_limit=limit).split("train")
        for part in batches(pictures, batch_size=8, seed=1, total_steps=8, labels=True).as_numpy_iterator():
            np.testing.assert_array_equal(part["label"], part["image"][:, 0, 0, 0] % 3)


def test_streamed_pictures_are_those_in_memory(at_hand: Path) -> None:
    streamed, held = opened("zoo_tiny_pictures", memory_limit=0), opened("zoo_tiny_pictures")
    assert streamed.fingerprint == held.fingerprint
    for split in held.splits:
        assert isinstance(streamed.split(split), StreamedPictures)
        assert everything(streamed.split(split)) == everything(held.split(split))


def test_streamed_training_is_a_function_of_seed_and_step(at_hand: Path) -> None:
    source = opened("zoo_tiny_pictures", memory_limit=0)
    whole = training(source)
    assert [int(each["step"]) for each in whole] == list(range(20))
    shown = np.concatenate([each["image"][:, 0, 0, 0] for each in whole])
    first, second = shown[:54], shown[54:108]
    expected = sorted(everything(source.split("train")))
    assert sorted(first.tolist()) == sorted(second.tolist()) == expected
    assert first.tolist() != second.tolist()
    tf.random.set_seed(99)
    for start in (1, 6, 7, 13):
        tail = training(source, start_step=start)
        np.testing.assert_array_equal([each["image"] for each in tail], [each["image"] for each in whole[start:]])
    for first_replica in (0, 1):
        part = training(source, replicas=2, first_replica=first_replica, local_replicas=1)
        chosen = slice(4 * first_replica, 4 * first_replica + 4)
        np.testing.assert_array_equal([each["image"] for each in part], [each["image"][chosen] for each in whole])
        np.testing.assert_array_equal([each["index"] for each in part], [np.arange(8)[chosen]] * 20)
    both = training(source, replicas=2)
    np.testing.assert_array_equal(
        np.reshape([each["image"] for each in both], (20, 8, 4, 5, 1)), [each["image"] for each in whole]
    )


def test_streamed_evaluation_over_replicas(at_hand: Path) -> None:
    test = opened("zoo_tiny_pictures", memory_limit=0).split("test")
    parts = list(evaluation_batches(test, batch_size=4, replicas=4).as_numpy_iterator())
    assert len(parts) == 12
    assert sum(float(part["mask"].sum()) for part in parts) == 9
    counted = [int(part["image"][0, 0, 0, 0]) for part in parts if part["mask"][0] == 1.0]
    assert sorted(counted) == list(range(100, 109))


def test_mixed_sizes_under_hr(at_hand: Path) -> None:
    source = open_source("zoo_mixed_pictures")
    assert source.image_shape == (32, 32, 3)
    assert [source.split(split).count for split in source.splits] == [10, 1, 1]
    assert open_source("zoo_mixed_pictures", image_size=16).image_shape == (16, 16, 3)
    full = list(source.pictures("train"))
    assert sorted(everything(source.split("train"))) == sorted(int(each[0, 0, 0]) for each in full)
    for each in full:
        assert each.shape == (40 + each[0, 0, 0], 50, 3)


def test_fingerprint_follows_the_files(at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_source("zoo_tiny_pictures").fingerprint
    assert open_source("zoo_tiny_pictures", image_size=8).fingerprint != before
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    builder = ZooTinyPictures(data_dir=str(tmp_path))
    monkeypatch.setattr(sys.modules[__name__], "picture", lambda *_: np.full((4, 5, 1), 77, np.uint8))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=3))
    assert open_source("zoo_tiny_pictures").fingerprint != before


def test_set_that_tfds_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    examples = [(number, {"image": np.full((3, 3, 3), number, np.uint8)}) for number in range(20)]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="zoo_own_pictures",
        version="2.1.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(3, 3, 3))}),
        split_datasets={"train": examples},
        data_dir=tmp_path,
        disable_shuffling=True,
    )
    tfds.core.registered._DATASET_REGISTRY.pop("zoo_own_pictures", None)
    validate_source("zoo_own_pictures:2.1.0")
    source = open_source("zoo_own_pictures")
    assert {split: everything(source.split(split)) for split in source.splits} == {
        "train": list(range(17)),
        "validation": [17],
        "test": [18, 19],
    }


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"train": 60000, "test": 10000}, ("train[:55000]", "train[55000:60000]", "test")),
        ({"train": 800, "validation": 100}, ("train[:720]", "train[720:800]", "validation")),
        ({"train": 1000}, ("train[:810]", "train[810:900]", "train[900:]")),
        ({"train": 3}, ("train[:1]", "train[1:2]", "train[2:]")),
        ({"train": 30, "test": 0, "validation": 5}, ("train[:27]", "train[27:30]", "validation")),
        ({"test": 10}, (None, None, "test")),
        ({"other": 10}, (None, None, None)),
    ],
)
def test_parts(counts: dict[str, int], expected: tuple[str | None, ...]) -> None:
    ranges = split_ranges(counts)
    assert tuple(ranges.get(split) for split in ("train", "validation", "test")) == expected


def test_download_is_moved_into_place(downloadable: Path) -> None:
    source = open_source("zoo_tiny_pictures")
    assert len(everything(source.split("test"))) == 9
    folder = downloadable / "deep" / "tfds"
    assert [path.name for path in folder.iterdir()] == ["zoo_tiny_pictures"]
    assert (folder / "zoo_tiny_pictures" / "1.0.0" / "dataset_info.json").is_file()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError("disk full")])
def test_failed_download_leaves_nothing(
    downloadable: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(self: ZooTinyPictures, split: str, count: int) -> Iterator[Any]:
        yield 0, {"image": picture(split, 0), "mask": np.zeros((1, 1, 1), np.uint8), "label": 0}
        raise failure

    monkeypatch.setattr(ZooTinyPictures, "_generate_examples", fail)
    with pytest.raises((KeyboardInterrupt, SourceUnavailableError)) as caught:
        open_source("zoo_tiny_pictures")
    assert list(downloadable.iterdir()) == []
    if not isinstance(caught.value, KeyboardInterrupt):
        assert "Preparing zoo_tiny_pictures failed" in str(caught.value)
        assert "disk full" in str(caught.value)


def test_folder_that_cannot_be_written(downloadable: Path) -> None:
    (downloadable / "deep").write_text("a file where a folder should be")
    with pytest.raises(SourceUnavailableError, match="Preparing zoo_tiny_pictures failed"):
        open_source("zoo_tiny_pictures")


def test_unreachable_set_is_named_with_folders_and_remedy(nothing_at_hand: Path) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        open_source("mnist")
    message = str(caught.value)
    assert "mnist is not prepared and storage.googleapis.com did not answer within 5 s" in message
    assert str(nothing_at_hand / "deep" / "tfds") in message
    assert str(nothing_at_hand / "home" / "tensorflow_datasets") in message
    assert "Set TFDS_DATA_DIR" in message
    assert f"tfds build mnist --data_dir {nothing_at_hand / 'deep' / 'tfds'}" in message
    assert list(nothing_at_hand.iterdir()) == []


def test_auto_takes_the_first_that_can_be_had(nothing_at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source("auto:mnist|glyphs")
    assert source.name == "glyphs"
    assert source.reason == "mnist is not prepared and storage.googleapis.com did not answer within 5 s"
    monkeypatch.delenv("SR_DATA_DIR", raising=False)
    source = open_source("auto:t91+bsds400|mnist|photos")
    assert (source.name, source.reason.count(";")) == ("photos", 1)
    assert source.reason.startswith("t91 cannot be read: SR_DATA_DIR is not set; mnist is not prepared")
    with pytest.raises(SourceUnavailableError, match=r"No alternative of auto:mnist\|cifar10 can be had: mnist is"):
        open_source("auto:mnist|cifar10")


def test_auto_prefers_what_is_prepared(at_hand: Path) -> None:
    source = open_source("auto:zoo_tiny_pictures|glyphs")
    assert (source.name, source.reason) == ("zoo_tiny_pictures", "")


def test_auto_goes_on_after_a_failed_download(downloadable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("404")

    monkeypatch.setattr(tfds_download, "_download", fail)
    source = open_source("auto:zoo_tiny_pictures|glyphs")
    assert (source.name, source.reason) == ("glyphs", "Preparing zoo_tiny_pictures failed: OSError: 404")


def test_set_without_pictures_is_refused(nothing_at_hand: Path) -> None:
    with pytest.raises(SourceError, match=r"zoo_texts has no 8-bit pictures under image or hr \(it has text\)"):
        validate_source("zoo_texts")


def test_set_that_must_be_fetched_by_hand(nothing_at_hand: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="imagenet2012 is not prepared and must be downloaded by hand"):
        open_source("imagenet2012")


FAILS = """
import sys, time
from training.data import SourceError, open_source
from zoo.system import hosts as reachable
reachable._request = lambda *_: time.sleep(100)
try:
    open_source({spec!r})
except SourceError as error:
    print(error)
print("tensorflow" in sys.modules)
"""


def test_without_a_network_it_fails_soon_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "TFDS_DATA_DIR": str(tmp_path / "tfds")}
    environment["PYTHONPATH"] = str(ROOT)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", FAILS.format(spec="mnist")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert time.monotonic() - start < 10
    assert "did not answer within 5 s" in done.stdout
    # Importing TensorFlow alone may take ten seconds on a cold disk.
    assert done.stdout.splitlines()[-1] == "False"
    assert done.stderr == ""
    assert [path for path in tmp_path.rglob("*") if path.name != ".cache"] == []


@pytest.mark.parametrize(("name", "mean", "test_mean"), [("mnist", 33.3, 33.8), ("cifar10", 120.7, 121.5)])
def test_published_sets(name: str, mean: float, test_mean: float) -> None:
    folder = Path(os.environ.get("TFDS_DATA_DIR", "nowhere"))
    if not (folder / name).is_dir():
        pytest.skip(f"TFDS_DATA_DIR has no {name}")
    source = open_source(name)
    test = source.split("test")
    images = test.take(tf.range(test.count, dtype=tf.int64)).numpy()  # type: ignore[union-attr]
    assert images.shape == (10_000, *source.image_shape)
    assert images.mean() == pytest.approx(test_mean, abs=0.1)
    validation = source.split("validation")
    assert validation.count == 5000
    held_out = validation.take(tf.range(5000, dtype=tf.int64)).numpy()  # type: ignore[union-attr]
    assert held_out.mean() == pytest.approx(mean, abs=1.0)
    seen = {hashlib.sha256(each).digest() for each in images}
    assert sum(hashlib.sha256(each).digest() in seen for each in held_out) == 0
