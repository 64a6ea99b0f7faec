"""Draws by seed, stream and position: their laws, and values that never change."""

import numpy as np
import pytest
import tensorflow as tf

from training.data.random_streams import GlyphStream, Stream, normals, shuffled, stream_key, uniforms


def positions(*span: int) -> tf.Tensor:
    return tf.range(*span, dtype=tf.int64)


def splitmix64(state: int) -> int:
    mask = (1 << 64) - 1
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return state ^ (state >> 31)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100, 1009])
def test_every_epoch_is_a_permutation(count: int) -> None:
    epochs = shuffled(positions(4 * count), count, seed=5).numpy().reshape(4, count)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(count), (4, 1)))


def test_epochs_and_seeds_differ() -> None:
    first, second = shuffled(positions(2000), 1000, seed=5).numpy().reshape(2, 1000)
    other = shuffled(positions(1000), 1000, seed=6).numpy()
    # Two unrelated permutations agree at about one position.
    assert (first == second).sum() < 10
    assert (first == other).sum() < 10
    assert (first == np.arange(1000)).sum() < 10


def test_all_orders_of_three_come_up_about_equally_often() -> None:
    epochs = shuffled(positions(3 * 1200), 3, seed=1).numpy().reshape(1200, 3)
    _, times = np.unique(epochs, axis=0, return_counts=True)
    assert len(times) == 6
    assert times.min() > 60


def test_order_does_not_depend_on_how_positions_are_batched() -> None:
    whole = shuffled(positions(300), 77, seed=3).numpy()
    parts = [shuffled(positions(start, start + 20), 77, seed=3).numpy() for start in range(0, 300, 20)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_uniforms_are_splitmix64() -> None:
    key = stream_key(1, 2)
    drawn = uniforms(key, tf.constant([0, 5, 2**40], tf.int64), 3).numpy()
    counters = [[position * 3 + column + 1 for column in range(3)] for position in (0, 5, 2**40)]
    states = [[(key + each * 0x9E3779B97F4A7C15) % 2**64 for each in row] for row in counters]
    np.testing.assert_array_equal(drawn, [[(splitmix64(each) >> 40) / 2**24 for each in row] for row in states])


def test_uniforms_are_uniform_and_uncorrelated() -> None:
    drawn = uniforms(stream_key(0), positions(20_000), 4).numpy()
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=0.01)
    np.testing.assert_allclose(drawn.var(axis=0), 1 / 12, atol=0.003)
    np.testing.assert_allclose(np.corrcoef(drawn, rowvar=False) - np.eye(4), 0.0, atol=0.03)
    assert abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 0.03


def test_keys_name_different_streams() -> None:
    keys = {stream_key(*parts) for parts in [(0,), (1,), (0, 0), (0, 1), (1, 0), (-1,), (2**63,)]}
    assert len(keys) == 7


def test_streams_keep_their_numbers() -> None:
    numbers = {name: int(stream) for name, stream in Stream.__members__.items()}
    assert numbers == {
        "FLIP": 1,
        "PATCHES": 2,
        "FILES": 2,
        "RECORDS": 3,
        "PHOTO": 4,
        "PHOTO_NOISE": 5,
        "PHOTO_REDUCED_NOISE": 6,
        "SHIFT": 7,
        "CONTRAST": 8,
        "BINARISATION": 11,
        "POSTERIOR_NOISE": 12,
        "PRIOR_SAMPLES": 13,
        "GENERATOR_LATENTS": 21,
        "FIXED_LATENTS": 22,
    }
    assert [(each.name, int(each)) for each in GlyphStream] == [("TRAIN", 0), ("VALIDATION", 1), ("TEST", 2)]


def test_draws_never_change() -> None:
    keys = [stream_key(3, stream) for stream in (Stream.FLIP, Stream.RECORDS, Stream.BINARISATION)]
    assert keys == [17027085370592858547, 13592992832856903821, 1476324957876442837]
    assert stream_key(3, Stream.FIXED_LATENTS, 0) == 17487637847741883415
    assert stream_key(GlyphStream.TRAIN, 3) == 14416117309360870529
    assert stream_key(GlyphStream.TEST, 0) == 7235116703822611636
    two = tf.constant([0, 5], tf.int64)
    drawn = uniforms(stream_key(3, Stream.PATCHES), two, 2).numpy() * 2**24
    np.testing.assert_array_equal(drawn, [[855617, 11529713], [9470450, 7489514]])
    latents = normals(stream_key(3, Stream.GENERATOR_LATENTS, 1), two, 3).numpy()
    expected = [
        [0.5631407499313354, -0.9161891341209412, -0.49526751041412354],
        [0.2566429674625397, -0.9918423295021057, -1.876928687095642],
    ]
    np.testing.assert_allclose(latents, expected, rtol=1e-6)
    order = shuffled(positions(10), 5, stream_key(3, Stream.FILES)).numpy()
    assert order.tolist() == [1, 2, 0, 4, 3, 4, 0, 3, 2, 1]
