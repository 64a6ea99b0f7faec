import numpy as np
import pytest
from scipy import stats

from training.compare.results.statistics import common_quality, deviation, effect_size, paired, steps_to_reach


def test_the_interval_is_that_of_a_paired_t_test():
    generator = np.random.default_rng(0)
    first, second = generator.normal(28.0, 1.0, 6), generator.normal(28.5, 1.0, 6)
    found = paired(first.tolist(), second.tolist())
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert found.mean == pytest.approx(np.mean(second - first))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.significant == (stats.ttest_rel(second, first).pvalue < 0.05)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(1)
    draws = generator.normal(0.3, 1.0, (600, 2, 3)).tolist()
    held = [found.low <= 0.0 <= found.high for found in (paired(*draw) for draw in draws)]
    assert 0.92 < np.mean(held) < 0.98


def test_the_effect_is_cohens_d():
    generator = np.random.default_rng(2)
    first, second = generator.normal(0.0, 2.0, 9), generator.normal(1.0, 0.5, 9)
    # With the same number of values in both, Student's t of unpaired samples is d times the root of n/2.
    expected = stats.ttest_ind(second, first).statistic / np.sqrt(9 / 2)
    assert effect_size(first.tolist(), second.tolist()) == pytest.approx(expected)
    assert effect_size([1.0], [2.0]) is effect_size([1.0, 1.0], [1.0, 1.0]) is None


def test_one_seed_shows_nothing():
    found = paired([1.0], [9.0])
    assert (found.mean, found.low, found.significant, deviation([1.0])) == (8.0, None, False, None)
    assert deviation([1.0, 3.0]) == pytest.approx(np.std([1, 3], ddof=1))
    with pytest.raises(ValueError, match="shorter"):
        paired([1.0, 2.0], [1.0])


def test_steps_are_interpolated_between_evaluations():
    curve = [(10, 1.0), (20, 3.0), (30, 2.0), (40, 5.0)]
    assert steps_to_reach(curve, 2.0) == 15.0
    assert steps_to_reach(curve, 0.5) == 10.0
    assert steps_to_reach(curve, 4.0) == pytest.approx(30 + 10 * 2 / 3)
    assert steps_to_reach(curve, 6.0) is None
    # The worst run goes from 0 (the lowest start) to 4: 99 % of that way.
    assert common_quality([[(1, 0.0), (2, 9.0)], [(1, 1.0), (2, 4.0)]]) == pytest.approx(3.96)
