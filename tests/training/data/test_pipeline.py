from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data import SourceError, batches, evaluation_batches
from training.data.batches.augmentation import Augmentation
from training.data.batches.pictures import ArrayPictures, Pictures
from training.data.sources.glyphs import GlyphSource

GLYPHS = GlyphSource()


def numbered(count: int) -> ArrayPictures:
    """Pictures that show their own number, with a mark at the left so that a mirrored one is known."""
    images = np.zeros((count, 2, 3, 1), np.uint8)
    images[:, 0, 1, 0] = np.arange(count) % 256
    images[:, 1, 1, 0] = np.arange(count) // 256
    images[:, :, 0, 0] = 255
    return ArrayPictures(images, labels=np.arange(count) % 10, classes=10)


def shown(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 1, 0].astype(int) + 256 * images[:, 1, 1, 0].astype(int)


def elements(dataset: tf.data.Dataset) -> list[dict[str, Any]]:
    return list(dataset.as_numpy_iterator())


def global_batches(parts: Iterable[dict[str, Any]], batch_size: int) -> dict[int, np.ndarray]:
    """Step to global batch, put together from the parts by their index."""
    together: dict[int, np.ndarray] = {}
    for part in parts:
        batch = together.setdefault(int(part["step"]), np.full((batch_size, *part["image"].shape[1:]), 7, np.uint8))
        batch[part["index"]] = part["image"]
    return together


def test_element_layout() -> None:
    dataset = batches(numbered(10), batch_size=8, seed=0, total_steps=3, replicas=2, labels=True)
    spec = dataset.element_spec
    assert spec["image"] == tf.TensorSpec([4, 2, 3, 1], tf.uint8)
    assert spec["index"] == tf.TensorSpec([4], tf.int64)
    assert spec["step"] == tf.TensorSpec([], tf.int64)
    assert spec["label"] == tf.TensorSpec([4], tf.int64)
    found = elements(dataset)
    assert [int(each["step"]) for each in found] == [0, 0, 1, 1, 2, 2]
    assert [each["index"].tolist() for each in found[:2]] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    for each in found:
        np.testing.assert_array_equal(each["label"], shown(each["image"]) % 10)


def test_every_example_once_an_epoch() -> None:
    found = elements(batches(numbered(21), batch_size=6, seed=4, total_steps=14))
    epochs = np.concatenate([shown(each["image"]) for each in found]).reshape(4, 21)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(21), (4, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.fixture(scope="module")
def whole() -> dict[int, np.ndarray]:
    mirrored = Augmentation(flip=True)
    return global_batches(
        elements(batches(numbered(11), batch_size=4, seed=9, total_steps=12, augmentation=mirrored)), 4
    )


@settings(max_examples=8, deadline=None)
@given(start=st.integers(0, 12), replicas=st.sampled_from([1, 2, 4]))
def test_resumed_stream_is_the_tail_of_the_whole(whole: dict[int, np.ndarray], start: int, replicas: int) -> None:
    arguments: dict[str, Any] = {"batch_size": 4, "seed": 9, "total_steps": 12, "augmentation": Augmentation(flip=True)}
    tail = global_batches(elements(batches(numbered(11), start_step=start, replicas=replicas, **arguments)), 4)
    assert sorted(tail) == list(range(start, 12))
    for step, images in tail.items():
        np.testing.assert_array_equal(images, whole[step])


@pytest.mark.parametrize("source", ["array", "glyphs"])
@pytest.mark.parametrize("layout", [(1, [(0, 1)]), (2, [(0, 2)]), (4, [(0, 4)]), (4, [(0, 1), (1, 3)])])
def test_replicas_share_the_global_batches(source: str, layout: tuple[int, list[tuple[int, int]]]) -> None:
    pictures: Pictures = numbered(30) if source == "array" else GLYPHS.split("train")  # type: ignore[assignment]
    replicas, processes = layout
    arguments: dict[str, Any] = {"batch_size": 8, "seed": 2, "total_steps": 5, "augmentation": Augmentation(flip=True)}
    expected = global_batches(elements(batches(pictures, **arguments)), 8)
    parts = []
    for first, local in processes:
        part = elements(batches(pictures, replicas=replicas, first_replica=first, local_replicas=local, **arguments))
        assert len(part) == 5 * local
        parts += part
    found = global_batches(parts, 8)
    for step in range(5):
        np.testing.assert_array_equal(found[step], expected[step])


def test_seeds_give_other_orders() -> None:
    first, second = (elements(batches(numbered(64), batch_size=64, seed=seed, total_steps=1)) for seed in (0, 1))
    assert not np.array_equal(first[0]["image"], second[0]["image"])


def test_flip_is_a_function_of_seed_and_position() -> None:
    arguments: dict[str, Any] = {"batch_size": 100, "total_steps": 10, "augmentation": Augmentation(flip=True)}
    found = elements(batches(numbered(40), seed=1, **arguments))
    mirrored = np.concatenate([each["image"][:, 0, 2, 0] == 255 for each in found])
    assert 400 < mirrored.sum() < 600
    again = elements(batches(numbered(40), seed=1, **arguments))
    np.testing.assert_array_equal(mirrored, np.concatenate([each["image"][:, 0, 2, 0] == 255 for each in again]))
    other = elements(batches(numbered(40), seed=2, **arguments))
    agree = mirrored == np.concatenate([each["image"][:, 0, 2, 0] == 255 for each in other])
    assert 400 < agree.sum() < 600
    plain = elements(batches(numbered(40), seed=1, batch_size=100, total_steps=10))
    for flipped, kept in zip(found, plain, strict=True):
        np.testing.assert_array_equal(shown(flipped["image"]), shown(kept["image"]))
        assert (kept["image"][:, :, 0] == 255).all()


def test_a_shift_moves_pictures_in_all_directions_alike() -> None:
    pictures = ArrayPictures(np.arange(35, dtype=np.uint8).reshape(1, 5, 7, 1))
    found = elements(batches(pictures, batch_size=500, seed=1, total_steps=1, augmentation=Augmentation(shift=1)))[0][
        "image"
    ][..., 0]
    padded = np.pad(np.arange(35).reshape(5, 7), 1, "edge")
    moved = [padded[top : top + 5, left : left + 7] for top in range(3) for left in range(3)]
    counts = [sum(np.array_equal(picture, each) for picture in found) for each in moved]
    assert sum(counts) == 500
    assert min(counts) > 30


@pytest.mark.parametrize("count", [1, 7, 8, 16, 17])
@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_evaluation_shows_each_picture_once(count: int, replicas: int) -> None:
    parts = elements(evaluation_batches(numbered(count), batch_size=8, replicas=replicas, labels=True))
    assert len(parts) == -(-count // 8) * replicas
    assert all(part["image"].shape == (8 // replicas, 2, 3, 1) for part in parts)
    counted = [shown(part["image"])[part["mask"] == 1.0] for part in parts]
    np.testing.assert_array_equal(np.sort(np.concatenate(counted)), np.arange(count))
    assert all(set(part["mask"].tolist()) <= {0.0, 1.0} for part in parts)
    assert parts[0]["mask"].dtype == np.float32
    for part in parts:
        np.testing.assert_array_equal(part["label"], shown(part["image"]) % 10)


def test_evaluation_of_two_processes() -> None:
    parts = []
    for first in (0, 1):
        own = elements(evaluation_batches(numbered(9), batch_size=4, replicas=2, first_replica=first, local_replicas=1))
        assert len(own) == 3
        parts += own
    counted = [shown(part["image"])[part["mask"] == 1.0] for part in parts]
    np.testing.assert_array_equal(np.sort(np.concatenate(counted)), np.arange(9))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 10, "replicas": 4}, "global batch of 10 does not divide into 4 replicas"),
        ({"batch_size": 0}, "global batch of 0"),
        ({"batch_size": 4, "replicas": 2, "first_replica": 1, "local_replicas": 2}, "within 2 replicas"),
    ],
)
def test_wrong_divisions_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        batches(numbered(10), seed=0, total_steps=1, **arguments)
    with pytest.raises(ValueError, match=message):
        evaluation_batches(numbered(10), **arguments)


def test_wrong_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="start_step=5 must lie in"):
        batches(numbered(10), batch_size=2, seed=0, start_step=5, total_steps=4)


def test_labels_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SourceError, match="no labels"):
        batches(ArrayPictures(np.zeros((3, 2, 2, 1), np.uint8)), batch_size=2, seed=0, total_steps=1, labels=True)


def test_distributed_over_two_replicas() -> None:
    devices = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([device.name for device in devices[:2]])
    replicas = strategy.num_replicas_in_sync

    def local(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return batches(numbered(12), batch_size=4, seed=3, total_steps=3, replicas=replicas)

    expected = global_batches(elements(batches(numbered(12), batch_size=4, seed=3, total_steps=3)), 4)
    for step, element in enumerate(strategy.distribute_datasets_from_function(local)):
        for part in strategy.experimental_local_results(element["image"]):
            assert part.shape[0] == 4 // replicas
        images = tf.concat(strategy.experimental_local_results(element["image"]), axis=0)
        np.testing.assert_array_equal(images, expected[step])
