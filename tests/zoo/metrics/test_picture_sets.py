"""Check distances between sets of features: closed forms, laws, and sets with a known answer."""

import math

import numpy as np
import pytest

from zoo.metrics import (
    Moments,
    class_shares,
    compare_sets,
    features_of,
    frechet_distance,
    kernel_distance,
    moments,
    precision_recall,
)


def covariance(generator, size, rank=None):
    factor = generator.standard_normal((size, rank or size))
    return factor @ factor.T / size


def exact_sample(generator, mean, matrix, count):
    """Return features with the given sample mean and covariance, up to rounding."""
    noise = generator.standard_normal((count, len(mean)))
    noise -= noise.mean(0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(noise, rowvar=False)))).T
    values, vectors = np.linalg.eigh(matrix)
    return mean + noise @ (vectors * np.sqrt(np.maximum(values, 0))).T


def square_root_by_newton(matrix):
    """Return the principal square root of a matrix, symmetric or not, by the Denman-Beavers iteration."""
    root, inverse = matrix, np.eye(len(matrix))
    for _ in range(60):
        root, inverse = (root + np.linalg.inv(inverse)) / 2, (inverse + np.linalg.inv(root)) / 2
    return root


def reference(one, other):
    product = square_root_by_newton(one.covariance @ other.covariance)
    apart = np.sum((one.mean - other.mean) ** 2)
    return apart + np.trace(one.covariance + other.covariance - 2 * product)


def test_frechet_distance_is_its_formula():
    generator = np.random.default_rng(0)
    for size in (1, 3, 8):
        pair = [Moments(generator.standard_normal(size), covariance(generator, size, 2 * size)) for _ in range(2)]
        assert frechet_distance(*pair) == pytest.approx(reference(*pair), rel=1e-9)
        samples = [exact_sample(generator, each.mean, each.covariance, 4 * size + 4) for each in pair]
        assert frechet_distance(*samples) == pytest.approx(reference(*pair), rel=1e-9)


def test_frechet_distance_of_gaussians_that_commute():
    # The distance is |m1 - m2|^2 + sum of (s1 - s2)^2 if the axes agree.
    one, other = np.array([1.0, 2.0, 0.0]), np.array([3.0, 0.0, 0.0])
    near, far = Moments(np.zeros(3), np.diag(one**2)), Moments(np.array([1.0, -2.0, 2.0]), np.diag(other**2))
    assert frechet_distance(near, far) == pytest.approx(9.0 + 4.0 + 4.0, rel=1e-12)


def test_frechet_distance_of_samples_comes_near_that_of_their_distributions():
    generator = np.random.default_rng(1)
    mean, size = np.array([0.5, 0.0, -1.0, 0.0]), 20_000
    one = generator.standard_normal((size, 4))
    other = mean + 2.0 * generator.standard_normal((size, 4))
    # The distance is 1.25 + 4 * (2 - 1)^2; the mean's error is about sqrt(5 / size) per coordinate.
    assert frechet_distance(one, other) == pytest.approx(5.25, abs=0.1)


def test_moments_are_those_of_numpy():
    table = np.random.default_rng(2).standard_normal((7, 3))
    found = moments(table)
    np.testing.assert_allclose(found.mean, np.mean(table, 0))
    np.testing.assert_allclose(found.covariance, np.cov(table.T))
    assert moments([[1.0], [3.0]]).covariance.tolist() == [[2.0]]


def test_frechet_distance_to_itself_is_zero_also_where_the_covariance_is_singular():
    generator = np.random.default_rng(3)
    few = generator.standard_normal((5, 40))
    constant = np.ones((5, 40))
    wide = few * np.geomspace(1e-3, 1e3, 40)
    for table in (few, constant, wide):
        assert frechet_distance(table, table) <= 1e-9 * max(1.0, float(np.trace(moments(table).covariance)))
    assert frechet_distance(few, constant) == pytest.approx(
        float(np.sum((few.mean(0) - 1) ** 2) + np.trace(np.cov(few.T))), rel=1e-9
    )


LAWS = [frechet_distance, kernel_distance]


@pytest.fixture
def sets():
    generator = np.random.default_rng(4)
    return generator.standard_normal((60, 5)), 0.3 + 1.5 * generator.standard_normal((50, 5))


@pytest.mark.parametrize("distance", LAWS)
def test_distances_do_not_change_with_order_side_and_rotation(distance, sets):
    one, other = sets
    generator = np.random.default_rng(5)
    rotation = np.linalg.qr(generator.standard_normal((5, 5)))[0]
    value = distance(one, other)
    assert value > 0.5
    assert distance(other, one) == pytest.approx(value, rel=1e-10)
    assert distance(generator.permutation(one), other) == pytest.approx(value, rel=1e-10)
    assert distance(one @ rotation, other @ rotation) == pytest.approx(value, rel=1e-10)


def test_what_moves_both_sets_moves_no_frechet_distance_precision_or_recall(sets):
    one, other = sets
    shift = np.array([3.0, -1.0, 0.0, 7.0, 2.0])
    assert frechet_distance(one + shift, other + shift) == pytest.approx(frechet_distance(one, other), rel=1e-10)
    assert frechet_distance(3 * one, 3 * other) == pytest.approx(9 * frechet_distance(one, other), rel=1e-10)
    assert precision_recall(one + shift, other + shift) == precision_recall(one, other)


def test_kernel_distance_is_its_sums_over_pairs():
    generator = np.random.default_rng(6)
    one, other = generator.standard_normal((4, 3)), generator.standard_normal((5, 3))

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / 3 + 1) ** 3

    def among(table):
        pairs = [(i, j) for i in range(len(table)) for j in range(len(table)) if i != j]
        return sum(kernel(table[i], table[j]) for i, j in pairs) / len(pairs)

    between = sum(kernel(x, y) for x in one for y in other) / 20
    assert kernel_distance(one, other) == pytest.approx(among(one) + among(other) - 2 * between, rel=1e-12)


def test_kernel_distance_has_no_bias_and_a_bias_would_show():
    generator = np.random.default_rng(7)
    draws = [generator.standard_normal((2, 20, 6)) for _ in range(400)]
    values = np.array([kernel_distance(*pair) for pair in draws])
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean()) < 3 * error
    assert 0.3 < np.mean(values < 0) < 0.7
    # Pairs of a row with itself would add twice the mean of (|x|^2 / d + 1)^3 - (x.y / d + 1)^3 over 20 rows.
    lengths = np.sum(generator.standard_normal((1000, 6)) ** 2, 1) / 6
    assert 2 * np.mean((lengths + 1) ** 3 - 1.5) / 20 > 20 * error


def test_kernel_distance_in_blocks_estimates_the_same(sets):
    generator = np.random.default_rng(8)
    one, other = generator.standard_normal((3000, 4)), 0.5 + generator.standard_normal((2500, 4))
    whole = kernel_distance(one, other, block=2500)
    assert kernel_distance(one, other, block=500) == pytest.approx(whole, rel=0.1)
    assert kernel_distance(one, other, block=500) == kernel_distance(one, other, block=500)
    assert kernel_distance(one, other, block=500) != kernel_distance(one, other, block=500, seed=1)
    assert kernel_distance(*sets, block=1000) == pytest.approx(kernel_distance(*sets, block=50, seed=3), rel=1e-12)


def reference_precision_recall(real, generated, neighbours):
    def inside(points, centres):
        radii = [sorted(np.linalg.norm(centres - each, axis=1))[neighbours] for each in centres]
        return np.mean([any(np.linalg.norm(p - c) <= r for c, r in zip(centres, radii, strict=True)) for p in points])

    return inside(generated, real), inside(real, generated)


def test_precision_and_recall_are_their_definitions_in_any_block(sets):
    one, other = sets
    for neighbours in (1, 3, 5):
        expected = reference_precision_recall(one, other, neighbours)
        for block in (7, 50, 1000):
            assert precision_recall(one, other, neighbours=neighbours, block=block) == pytest.approx(expected)
        assert 0 < expected[0] < 1


def test_precision_and_recall_of_sets_made_for_their_answer():
    generator = np.random.default_rng(9)
    clouds = [centre + generator.standard_normal((40, 3)) for centre in (0.0, 100.0, 200.0, 300.0)]
    real = np.concatenate(clouds)
    assert precision_recall(real, real) == (1.0, 1.0)
    assert precision_recall(real, real + 1e4) == (0.0, 0.0)
    # Half of the modes are dropped: every sample could be real, half of the real pictures are never generated.
    assert precision_recall(real, np.concatenate(clouds[:2])) == (1.0, 0.5)
    # These modes have no real picture.
    assert precision_recall(np.concatenate(clouds[:1]), real) == (0.25, 1.0)
    # All samples are the same picture.
    copies = np.repeat(real[:1], 50, 0)
    assert precision_recall(real, copies).precision == 1.0
    assert precision_recall(real, copies).recall < 0.05


def test_pictures_go_through_the_function_a_batch_at_a_time():
    pictures = np.random.default_rng(10).integers(0, 256, (25, 4, 4, 1), np.uint8)
    sizes = []

    def function(batch):
        sizes.append(len(batch))
        return batch.reshape(len(batch), -1)[:, :3].astype(np.float32)

    expected = pictures.reshape(25, -1)[:, :3].astype(np.float64)
    found = features_of(function, pictures, batch=10)
    assert (sizes, found.dtype) == ([10, 10, 5], np.float64)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(features_of(function, iter([pictures[:20], pictures[20:]])), expected)


def test_all_distances_by_name(sets):
    one, other = sets
    shares = precision_recall(one, other)
    assert compare_sets(one, other) == {
        "frechet": frechet_distance(one, other),
        "kernel": kernel_distance(one, other),
        "precision": shares.precision,
        "recall": shares.recall,
    }


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance, precision_recall, compare_sets])
def test_what_is_no_table_of_features_is_refused(distance):
    good = np.random.default_rng(11).standard_normal((6, 2))
    for bad, message in [
        (np.ones(6), r"shape \(6,\): they must be \[n, d\]"),
        (np.ones((1, 2)), r"shape \(1, 2\)"),
        (good * np.nan, "not finite"),
        (np.ones((6, 3)), "features of . and . numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            distance(good, bad)


def test_blocks_and_neighbours_that_cannot_be_are_refused(sets):
    with pytest.raises(ValueError, match="block=1 must be at least 2"):
        kernel_distance(*sets, block=1)
    with pytest.raises(ValueError, match="neighbours=50 must be from 1 to 49"):
        precision_recall(*sets, neighbours=50)


def test_class_shares_count_the_sure_and_every_class():
    table = [[0.91, 0.05, 0.04], [0.9, 0.1, 0.0], [0.0, 1.0, 0.0], [0.3, 0.4, 0.3]]
    shares = class_shares(table)
    assert shares.confident == 0.5
    assert shares.classes == (0.5, 0.5, 0.0)
    assert class_shares(table, 0.35).confident == 1.0
