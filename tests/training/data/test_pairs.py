"""Pairs of pictures for super-resolution: made on all cores, kept by contents."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from training.data import open_source
from training.data.batches import pairs as module
from training.data.batches.pairs import cached_pairs, make_pairs
from training.data.batches.patches import Patches, super_resolution_pairs
from zoo.imaging import cropped, degrade, luma

PICTURES = [np.random.default_rng(number).integers(0, 256, (20 + number, 31, 3), np.uint8) for number in range(9)]


def assert_equal_pairs(one, other):
    assert one.scale == other.scale
    for name in ("high", "low", "sizes"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_pairs_lie_one_after_the_other_in_the_order_of_the_pictures():
    pairs = make_pairs(iter(PICTURES), 3)
    highs = [cropped(luma(picture), 3) for picture in PICTURES]
    np.testing.assert_array_equal(pairs.high[:, 0], np.concatenate([high.ravel() for high in highs]))
    np.testing.assert_array_equal(pairs.low[:, 0], np.concatenate([degrade(high, 3).ravel() for high in highs]))
    np.testing.assert_array_equal(pairs.sizes, [[high.shape[0] // 3, high.shape[1] // 3] for high in highs])
    assert make_pairs(PICTURES, 2, channels=3, reduced=True).sizes.shape == (5 * len(PICTURES), 2)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "CACHED_FROM", 1000)
    return tmp_path / "subpixel-zoo" / "pairs"


def unread():
    raise AssertionError("the pictures are read")
    yield


def test_pairs_are_kept_by_what_they_are_made_of(cache):
    made = cached_pairs(PICTURES, 2, key="a")
    assert_equal_pairs(made, make_pairs(PICTURES, 2))
    assert_equal_pairs(cached_pairs(unread(), 2, key="a"), made)
    for options in ({"key": "b"}, {"key": "a", "channels": 3}, {"key": "a", "reduced": True}):
        with pytest.raises(AssertionError, match="are read"):
            cached_pairs(unread(), 2, **options)
    with pytest.raises(AssertionError, match="are read"):
        cached_pairs(unread(), 3, key="a")
    assert [path.name[0] != "." for path in cache.iterdir()] == [True]


def test_few_pixels_are_not_kept(cache):
    cached_pairs(PICTURES[:1], 4, key="a")
    assert not cache.exists()


def test_pairs_that_a_crash_cut_short_are_made_again(cache):
    cached_pairs(PICTURES, 2, key="a")
    (folder,) = cache.iterdir()
    content = (folder / "low.npy").read_bytes()
    (folder / "low.npy").unlink()
    (folder / "low.npy").write_bytes(content[: len(content) // 2])
    assert_equal_pairs(cached_pairs(PICTURES, 2, key="a"), make_pairs(PICTURES, 2))
    assert (folder / "low.npy").read_bytes() == content


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, cache, monkeypatch):
    (tmp_path / "subpixel-zoo").write_text("in the way")
    assert_equal_pairs(cached_pairs(PICTURES, 2, key="a"), make_pairs(PICTURES, 2))


def test_kept_pairs_share_the_memory_of_their_file(cache):
    cached_pairs(PICTURES, 2, key="a")
    kept = cached_pairs(unread(), 2, key="a")
    tensor = module.shared_tensor(kept.high)
    np.testing.assert_array_equal(tensor, kept.high)
    kept.high[0] ^= 255
    assert tensor.numpy()[0] == kept.high[0]
    # Memory of NumPy's own is not always aligned; a copy serves as well.
    odd = np.frombuffer(bytearray(100), np.uint8)[1:]
    np.testing.assert_array_equal(module.shared_tensor(odd), odd)


def test_a_picture_is_taken_in_proportion_to_its_area():
    # The pictures differ in brightness alone, so that a patch tells where it comes from.
    sides, patch = {10: (12, 12), 100: (24, 48), 200: (60, 60)}, 4
    pairs = make_pairs([np.full((2 * h, 2 * w, 1), value, np.uint8) for value, (h, w) in sides.items()], 2)
    taken = Patches(pairs, patch, seed=1).take(tf.range(40_000, dtype=tf.int64)).numpy()[:, 0, 0, 0]
    areas = np.array([h * w for h, w in sides.values()])
    shares = np.array([(taken == value).mean() for value in sides])
    np.testing.assert_allclose(shares, areas / areas.sum(), atol=0.01)


def test_areas_beyond_the_number_of_draws_reach_every_picture(monkeypatch):
    pairs = make_pairs([np.full((8, 8, 1), value, np.uint8) for value in range(4)], 2)
    patches = Patches(pairs, 2, seed=1)
    # As if every pixel were 2**20 pixels: the choice is made in whole numbers.
    patches._area *= 2**20
    patches._ends *= 2**20
    taken = patches.take(tf.range(8000, dtype=tf.int64)).numpy()[:, 0, 0, 0]
    np.testing.assert_allclose(np.bincount(taken, minlength=4) / 8000, 0.25, atol=0.02)


def test_the_same_pictures_divided_otherwise_have_other_pairs(cache, tmp_path, monkeypatch):
    # A named set and its folder hold the same files, and other ones of them are for training.
    folder = tmp_path / "sets" / "BSDS400"
    folder.mkdir(parents=True)
    for number in range(20):
        Image.fromarray(PICTURES[0] + np.uint8(number)).save(folder / f"{number:02d}.png")
    monkeypatch.setenv("SR_DATA_DIR", str(folder.parent))
    named, plain = open_source("bsds400"), open_source(f"folder:{folder}")
    assert named.fingerprint == plain.fingerprint
    patches = [super_resolution_pairs(source, 2, 4, 0)[0] for source in (named, plain)]
    assert [len(each._sizes) for each in patches] == [19, 16]
