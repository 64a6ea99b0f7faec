"""Compare the patches of super-resolution with the pictures that they are cut from."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from training.data import SourceError
from training.data.batches.cells import Cells
from training.data.batches.pairs import REDUCED, make_pairs
from training.data.batches.patches import Patches
from zoo.imaging import cropped, degrade, luma


def turned(square):
    """A square in its 8 orientations."""
    for picture in (square, square.transpose(1, 0, 2)):
        for vertical in (1, -1):
            for horizontal in (1, -1):
                yield picture[::vertical, ::horizontal]


def places(high, low, pictures, scale, patch):
    """Every picture, place and orientation at which a pair of patches lies."""
    for number, picture in enumerate(pictures):
        small = degrade(picture, scale)
        for top in range(small.shape[0] - patch + 1):
            for left in range(small.shape[1] - patch + 1):
                large = picture[scale * top : scale * (top + patch), scale * left : scale * (left + patch)]
                cut = small[top : top + patch, left : left + patch]
                for orientation, (a, b) in enumerate(zip(turned(large), turned(cut), strict=True)):
                    if np.array_equal(a, high) and np.array_equal(b, low):
                        yield number, top, left, orientation


@pytest.mark.parametrize("channels", [1, 3])
def test_a_pair_lies_at_one_place_of_a_picture_and_all_places_and_orientations_occur(channels):
    scale, patch = 3, 4
    generator = np.random.default_rng(1)
    originals = [generator.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((16, 19), (14, 15), (9, 40))]
    patches = Patches(make_pairs(originals, scale, channels=channels), patch, seed=5)
    pairs = patches.examples(tf.range(200, dtype=tf.int64), labels=False)
    pictures = [cropped(luma(each) if channels == 1 else each, scale) for each in originals]
    found = [
        list(places(high, low, pictures, scale, patch))
        for high, low in zip(pairs["image"].numpy(), pairs["low"].numpy(), strict=True)
    ]
    assert all(len(each) == 1 for each in found)
    # The last picture is smaller than a patch; the first has 2 x 3 places, the second 1 x 2.
    assert {each[0][:3] for each in found} == {(0, t, x) for t in (0, 1) for x in (0, 1, 2)} | {(1, 0, 0), (1, 0, 1)}
    assert {each[0][3] for each in found} == set(range(8))


def test_a_pair_is_a_function_of_seed_and_position():
    originals = [np.random.default_rng(2).integers(0, 256, (40, 44, 1), np.uint8)]
    one, same, other = (Patches(make_pairs(originals, 2), 5, seed) for seed in (1, 1, 2))
    whole = one.take(tf.range(50, dtype=tf.int64)).numpy()
    np.testing.assert_array_equal(same.take(tf.constant([31, 7], tf.int64)), whole[[31, 7]])
    assert (other.take(tf.range(50, dtype=tf.int64)).numpy() != whole).any()
    assert len(np.unique(whole.reshape(50, -1), axis=0)) > 45


def test_patches_larger_than_every_picture_and_cells_too_small_to_measure_are_refused():
    small = [np.zeros((20, 30, 1), np.uint8)]
    with pytest.raises(SourceError, match=r"24x24 are larger than every picture .*18 whole pixels"):
        Patches(make_pairs(small, 3), 8, seed=0)
    with pytest.raises(SourceError, match="larger pictures"):
        Cells([np.zeros((14, 14, 1), np.uint8)], 2)


def test_patches_are_cut_from_reduced_copies_too():
    original = np.random.default_rng(3).integers(0, 256, (30, 40, 3), np.uint8)
    patches = Patches(make_pairs([original], 2, channels=3, reduced=True), 4, seed=0)
    sizes = [(30, 40), *((round(30 * size), round(40 * size)) for size in REDUCED)]
    assert patches.count == sum((h // 2) * (w // 2) for h, w in sizes) // 16
    copies = [np.asarray(Image.fromarray(original).resize((w, h), Image.Resampling.BICUBIC)) for h, w in sizes]
    copies = [cropped(copy, 2) for copy in copies]
    pairs = patches.examples(tf.range(60, dtype=tf.int64), labels=False)
    found = [
        list(places(high, low, copies, 2, 4))
        for high, low in zip(pairs["image"].numpy(), pairs["low"].numpy(), strict=True)
    ]
    assert all(len(each) == 1 for each in found)
    assert {each[0][0] for each in found} == set(range(5))


def test_other_contrasts_map_both_patches_of_half_of_the_pairs_by_one_straight_line():
    original = np.random.default_rng(4).integers(60, 140, (30, 40, 1), np.uint8)
    pairs = make_pairs([original], 2)
    positions = tf.range(200, dtype=tf.int64)
    plain, changed = (
        Patches(pairs, 6, seed=0, contrast=contrast).examples(positions, labels=False) for contrast in (False, True)
    )
    gains = []
    for number in range(len(positions)):
        before, after = (
            np.concatenate([each["image"][number].numpy().ravel(), each["low"][number].numpy().ravel()])
            for each in (plain, changed)
        )
        line = np.polyfit(before.astype(float), after.astype(float), 1)
        assert np.abs(np.polyval(line, before) - after).max() < 0.75
        gains.append(0.0 if np.array_equal(before, after) else line[0])
    gains = np.array(gains)
    # 40 % to 60 % of 200 halves; a standard deviation is 3.5 %.
    assert 80 < np.sum(gains == 0) < 120
    assert 0.3 < np.mean(gains[gains != 0] < 0) < 0.7
    assert 1.8 < np.abs(gains).max() <= 2.01
    assert np.abs(gains[gains != 0]).min() > 0.99


def test_the_contrast_of_a_full_range_is_at_most_inverted():
    original = np.random.default_rng(5).choice(np.array([0, 255], np.uint8), (30, 40, 1))
    plain, changed = (
        Patches(make_pairs([original], 2), 6, seed=0, contrast=contrast).take(tf.range(50, dtype=tf.int64)).numpy()
        for contrast in (False, True)
    )
    kept = (changed == plain).all(axis=(1, 2, 3))
    assert 10 < kept.sum() < 40
    np.testing.assert_array_equal(changed[~kept], 255 - plain[~kept])
