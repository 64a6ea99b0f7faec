"""Compare blur, reduction, noise and JPEG with SciPy, Pillow and their definitions, and test the order they come in."""

import io
import itertools

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from training.data.batches import patches as patches_module
from training.data.batches.cells import photographed
from training.data.batches.pairs import make_pairs
from training.data.batches.patches import Patches
from training.data.degradations import photo as photo_module
from training.data.degradations.blur import blurred, covariances
from training.data.degradations.jpeg import compressed
from training.data.degradations.photo import Photo
from training.data.degradations.reduction import KERNELS, reduced
from zoo.imaging import degrade


def waves(height, width):
    """A grey picture with edges, waves and grain, uint8."""
    y, x = np.mgrid[:height, :width]
    grain = np.random.default_rng(0).normal(0, 4, (height, width))
    values = 128 + 60 * np.sin(x * y / 300) + 50 * ((x // 13 + y // 17) % 2) + grain
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(96, 120), (61, 75)])
def test_jpeg_is_that_of_pillow(size):
    picture = waves(*size)
    qualities = [30, 40, 49, 50, 75, 95]
    ours = compressed(tf.constant(np.repeat(picture[None], 6, 0), tf.float64), tf.constant(qualities)).numpy()
    for quality, mine in zip(qualities, ours, strict=True):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        difference = np.abs(np.asarray(Image.open(file), float) - mine)
        assert (difference <= 1).mean() > 0.99
        assert difference.mean() < 0.1
    assert np.abs(ours - picture).mean((1, 2)).argsort().tolist() == [5, 4, 3, 2, 1, 0]


def test_blur_is_that_of_scipy_in_any_direction():
    pictures = np.random.default_rng(0).uniform(0, 255, (3, 40, 48))
    deviations = np.array([(1.6, 1.6), (0.5, 2.0), (2.0, 0.5)])
    covariance = covariances(*tf.constant(deviations.T), tf.constant([0.3, 0.0, np.pi / 2], tf.float64))
    result = blurred(tf.constant(pictures), covariance).numpy()
    for number, expected in enumerate([(1.6, 1.6), (0.5, 2.0), (0.5, 2.0)]):
        spectrum = ndimage.fourier_gaussian(np.fft.fft2(pictures[number]), expected)
        np.testing.assert_allclose(result[number], np.fft.ifft2(spectrum).real, atol=1e-9)


def test_a_slanted_blur_spreads_a_point_along_its_direction():
    point = np.zeros((1, 64, 64))
    point[0, 32, 32] = 1.0
    angle = np.deg2rad(30)
    covariance = covariances(*(tf.constant([value], tf.float64) for value in (3.0, 1.5, angle)))
    spread = blurred(tf.constant(point), covariance).numpy()[0]
    down, across = np.mgrid[-32:32, -32:32]
    along = down * np.cos(angle) + across * np.sin(angle)
    beside = across * np.cos(angle) - down * np.sin(angle)
    gaussian = np.exp(-0.5 * ((along / 3.0) ** 2 + (beside / 1.5) ** 2)) / (2 * np.pi * 3.0 * 1.5)
    np.testing.assert_allclose(spread, gaussian, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_reductions_are_those_of_pillow(scale):
    pictures = np.random.default_rng(1).uniform(0, 255, (4, 12 * scale, 10 * scale)).astype(np.float32)
    result = reduced(tf.constant(pictures), scale, tf.range(4)).numpy()
    filters = {"box": Image.BOX, "triangle": Image.BILINEAR, "cubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
    for picture, small, name in zip(pictures, result, KERNELS, strict=True):
        expected = Image.fromarray(picture).resize((10, 12), filters[name])
        np.testing.assert_allclose(small, np.asarray(expected), atol=1e-3)


def conditions(times, read=0.0, shot=0.0):
    count = len(next(iter(times.values())))
    same = {name: tf.fill([count], tf.constant(value, tf.float64)) for name, value in (("read", read), ("shot", shot))}
    return photo_module._Conditions(
        {name: tf.constant(value, tf.float64) for name, value in times.items()},
        covariances(same["read"], same["read"], same["read"]),
        **same,
        quality=tf.fill([count], 50),
        kernel=tf.zeros([count], tf.int32),
    )


def test_steps_happen_in_the_order_of_their_times(monkeypatch):
    """With steps that do not commute, the result tells in which order they were taken."""
    monkeypatch.setattr(photo_module, "blurred", lambda x, _: 3 * x)
    monkeypatch.setattr(photo_module, "compressed", lambda x, _: x * x)
    steps = {
        "blur": lambda x: 3 * x,
        "jpeg": lambda x: x * x,
        "noise": lambda x: x + 2,
        "reduction": lambda x: x / 7,
    }
    orders = list(itertools.permutations(steps))
    orders += [tuple(name for name in order if name != left_out) for order in orders for left_out in ("blur", "noise")]
    chosen = conditions(
        {name: [order.index(name) / 4 if name in order else 2.0 for order in orders] for name in steps}, read=1.0
    )
    values, noise = tf.ones((len(orders), 1, 1), tf.float64), tf.constant(2.0, tf.float64)
    done = dict.fromkeys(photo_module.SHARES, tf.zeros(len(orders), tf.bool))
    values, done = photo_module._stage(values, chosen, done, chosen.times["reduction"], noise, 1)
    ends = tf.ones(len(orders), tf.float64)
    values, done = photo_module._stage(values / 7, chosen, done, ends, noise, 1)
    for order, value in zip(orders, values.numpy().ravel(), strict=True):
        expected = 1.0
        for name in order:
            expected = steps[name](expected)
        assert value == pytest.approx(expected, rel=1e-12), order


def test_the_noise_has_the_variance_of_a_sensor():
    levels = np.array([16.0, 120.0, 235.0])
    chosen = conditions({"noise": [0.5] * 3, "blur": [2.0] * 3, "jpeg": [2.0] * 3}, read=2.0, shot=6.0)
    flat = tf.constant(np.broadcast_to(levels[:, None, None], (3, 120, 120)))
    noise = photo_module._noise(7, tf.range(3, dtype=tf.int64), flat)
    done = dict.fromkeys(photo_module.SHARES, tf.zeros(3, tf.bool))
    noisy, _ = photo_module._stage(flat, chosen, done, tf.ones(3, tf.float64), noise, 1)
    np.testing.assert_allclose(noisy.numpy().mean((1, 2)), levels, atol=0.2)
    np.testing.assert_allclose(noisy.numpy().var((1, 2)), 2.0**2 + 6.0**2 * levels / 255, rtol=0.05)


def test_strengths_orders_and_shares_are_those_that_are_stated():
    drawn = photo_module._conditions(5, tf.range(20_000, dtype=tf.int64))
    times = {name: value.numpy() for name, value in drawn.times.items()}
    for name, share in photo_module.SHARES.items():
        assert (times[name] <= 1).mean() == pytest.approx(share, abs=0.02)
    assert set(np.unique(drawn.quality)) == set(range(30, 96))
    np.testing.assert_allclose(np.bincount(drawn.kernel, minlength=4) / 20_000, 0.25, atol=0.02)
    down, mixed, across = drawn.covariance.numpy().T
    mean, half = (down + across) / 2, np.hypot((down - across) / 2, mixed)
    largest, smallest = np.sqrt(mean + half), np.sqrt(mean - half)
    assert 0.1 <= largest.min() < 0.11
    assert 0.69 < largest.max() <= 0.7
    ratio = smallest / largest
    assert (ratio > 0.9999).mean() == pytest.approx(0.5, abs=0.02)
    assert 0.3 - 1e-6 <= ratio.min() < 0.31
    order = np.argsort([times[name] for name in ("blur", "noise", "jpeg", "reduction")], axis=0)
    assert len(np.unique(order[:, times["noise"] <= 1], axis=1).T) == 24


@pytest.fixture(scope="module")
def pairs():
    return make_pairs([waves(90, 70)[..., None], waves(60, 100)[..., None]], 2)


def test_a_degraded_pair_is_a_function_of_seed_and_position(pairs):
    positions = tf.range(24, dtype=tf.int64)
    patches = Patches(pairs, 12, 1, Photo(2, 1))
    whole = {name: values.numpy() for name, values in patches.examples(positions, labels=False).items()}
    assert whole["low"].shape == (24, 12, 12, 1)
    some = patches.examples(tf.gather(positions, [17, 3]), labels=False)
    for name, values in whole.items():
        np.testing.assert_array_equal(some[name], values[[17, 3]])
    assert len({key for seed in (None, 0, 1) for key in vars(Photo(2, seed)).values()}) == 1 + 3 * 3
    # The same high-resolution patches as without, and low-resolution ones that resemble their reduction.
    plain = Patches(pairs, 12, 1).examples(positions, labels=False)
    np.testing.assert_array_equal(plain["image"], whole["image"])
    difference = np.abs(plain["low"].numpy().astype(float) - whole["low"]).mean((1, 2, 3))
    assert 2 < difference.mean() < 25


@pytest.mark.slow
def test_xla_degrades_to_the_same_bits_and_many_patches_in_parts(pairs, monkeypatch):
    patches, positions = Patches(pairs, 12, 1, Photo(2, 1)), tf.range(40, dtype=tf.int64)
    host = tf.function(patches.examples)(positions, labels=False)
    monkeypatch.setattr(patches_module, "_DEGRADED_TOGETHER", 12)
    compiled = tf.function(patches.examples, jit_compile=True)(positions, labels=False)
    for name, values in host.items():
        np.testing.assert_array_equal(compiled[name], values)


def test_a_patch_at_the_edge_of_its_picture_sees_nothing_of_the_next_picture():
    """One picture is flat, so every patch of it stays flat up to noise, and no step makes an edge."""
    pairs = make_pairs([np.full((40, 40, 1), 200, np.uint8), np.full((40, 40, 1), 20, np.uint8)], 2)
    examples = Patches(pairs, 12, 1, Photo(2, 1)).examples(tf.range(40, dtype=tf.int64), labels=False)
    highs, lows = (examples[name].numpy().astype(float) for name in ("image", "low"))
    assert np.ptp(highs, axis=(1, 2, 3)).max() == 0
    assert np.abs(lows.mean((1, 2, 3)) - highs.mean((1, 2, 3))).max() < 6


def test_validation_pictures_are_the_same_in_every_run():
    pictures = np.stack([waves(48, 48), waves(48, 48).T])[..., None]
    low = photographed(pictures, 2)
    assert low.shape == (2, 24, 24, 1)
    np.testing.assert_array_equal(photographed(pictures[:1], 2), low[:1])
    assert np.abs(low.astype(float) - degrade(pictures, 2)).mean() < 25
