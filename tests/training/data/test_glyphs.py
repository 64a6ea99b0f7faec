import numpy as np
import pytest
import tensorflow as tf

from training.data import batches
from training.data.sources.glyph_masters import draw_masters
from training.data.sources.glyphs import GlyphSource


@pytest.fixture(scope="module")
def source() -> GlyphSource:
    return GlyphSource()


def taken(source: GlyphSource, split: str, positions: list[int] | range) -> np.ndarray:
    return source.split(split).take(tf.constant(list(positions), tf.int64)).numpy()  # type: ignore[union-attr]


def test_masters_hold_ten_digits_that_differ() -> None:
    masters = draw_masters()
    assert masters.shape[1:] == (10, 56, 56)
    assert masters.dtype == np.uint8
    assert (masters.max(axis=(2, 3)) > 200).all()
    # The longer side of every digit is 40 of 56 pixels, and the margin is black.
    assert (masters[:, :, :7].max(), masters[:, :, :, :7].max()) == (0, 0)
    ink = masters > 0
    sides = np.maximum(ink.any(axis=3).sum(axis=2), ink.any(axis=2).sum(axis=2))
    assert (sides.min(), sides.max()) == (40, 40)
    digits = masters.reshape(len(masters), 10, -1).astype(float)
    for one in range(10):
        for other in range(one):
            assert np.abs(digits[:, one] - digits[:, other]).mean(axis=1).min() > 5


def test_shape_and_brightness_are_like_mnist(source: GlyphSource) -> None:
    pictures = taken(source, "train", range(3000))
    assert pictures.shape == (3000, 28, 28, 1)
    assert pictures.dtype == np.uint8
    assert pictures.max(axis=(1, 2, 3)).min() > 150
    # MNIST's mean is 0.13.
    assert 0.10 < pictures.mean() / 255 < 0.20
    edge = np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1)
    assert (edge.max(axis=(1, 2)) > 64).mean() < 0.05
    assert len(np.unique(pictures.reshape(3000, -1), axis=0)) == 3000


def test_picture_depends_on_its_position_alone(source: GlyphSource) -> None:
    # Every remainder of a vectorised loop: sizes 1 to 33.
    whole = taken(source, "train", range(33 * 17))
    parts = [taken(source, "train", range(size * (size - 1) // 2, size * (size + 1) // 2)) for size in range(1, 34)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(taken(source, "train", [63, 5, 5]), whole[[63, 5, 5]])
    np.testing.assert_array_equal(taken(GlyphSource(), "train", [17]), whole[[17]])


def test_parts_and_seeds_differ_but_evaluation_ignores_the_seed(source: GlyphSource) -> None:
    other = GlyphSource(seed=1)
    first = range(50)
    parts = [taken(source, split, first) for split in ("train", "validation", "test")]
    parts.append(taken(other, "train", first))
    for one in range(4):
        for two in range(one):
            assert not (parts[one] == parts[two]).all(axis=(1, 2, 3)).any()
    np.testing.assert_array_equal(taken(other, "test", first), parts[2])
    np.testing.assert_array_equal(taken(other, "validation", first), parts[1])
    assert other.fingerprint == source.fingerprint


def test_digits_and_labels_are_balanced_and_agree(source: GlyphSource) -> None:
    test = source.split("test")
    labels = test.labels(tf.range(test.count, dtype=tf.int64)).numpy()  # type: ignore[union-attr]
    assert (source.classes, labels.min(), labels.max()) == (10, 0, 9)
    np.testing.assert_allclose(np.bincount(labels) / test.count, 0.1, atol=0.01)
    # Templates from one half of the pictures tell the digits of the other half apart.
    pictures = taken(source, "test", range(4000)).reshape(4000, -1).astype(float)
    means = np.stack([pictures[:2000][labels[:2000] == digit].mean(axis=0) for digit in range(10)])
    nearest = ((pictures[2000:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels[2000:4000]).mean() > 0.6


def test_training_is_endless(source: GlyphSource) -> None:
    train = source.split("train")
    assert (train.endless, train.count) == (True, 60_000)
    beyond = taken(source, "train", range(60_000, 60_050))
    assert not (beyond == taken(source, "train", range(50))).all(axis=(1, 2, 3)).any()
    element = next(iter(batches(train, batch_size=4, seed=0, start_step=15_000, total_steps=15_001)))
    np.testing.assert_array_equal(element["image"], beyond[:4])


def test_other_sizes(source: GlyphSource) -> None:
    large = GlyphSource(image_size=32)
    assert large.image_shape == (32, 32, 1)
    assert large.fingerprint != source.fingerprint
    pictures = taken(large, "test", range(8))
    assert pictures.shape == (8, 32, 32, 1)
    expected = tf.image.resize(taken(source, "test", range(8)), (32, 32), "bicubic", antialias=True)
    np.testing.assert_allclose(pictures, np.clip(expected, 0, 255), atol=0.5 + 1e-3)
