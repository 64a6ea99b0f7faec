"""Compute statistics over seeds."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95


class Difference(NamedTuple):
    """Hold the mean of paired differences and its confidence interval, which is unknown with one seed."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def significant(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and not self.low <= 0.0 <= self.high


def deviation(values: Sequence[float]) -> float | None:
    """Return the standard deviation over seeds (n - 1), or None for fewer than two."""
    return statistics.stdev(values) if len(values) > 1 else None


def paired(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Return the difference second - first of values from the same seeds, with Student's 95 % interval of its mean.

    Raises:
        ValueError: there are no values, or not the same number of both.
    """
    from scipy.stats import t

    differences = [b - a for a, b in zip(first, second, strict=True)]
    if not differences:
        raise ValueError("a difference needs values of at least one seed")
    mean, count = statistics.fmean(differences), len(differences)
    if count < 2:
        return Difference(mean, None, None, count)
    reach = float(t.ppf(0.5 + CONFIDENCE / 2, count - 1)) * statistics.stdev(differences) / math.sqrt(count)
    return Difference(mean, mean - reach, mean + reach, count)


def effect_size(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Cohen's d: the difference of means in standard deviations, which are pooled from both.

    Returns:
        `mean(second) - mean(first)` over the root of the mean of both variances (n - 1); None for fewer than two
        values, or where all are the same.
    """
    if min(len(first), len(second)) < 2:
        return None
    pooled = math.sqrt((statistics.variance(first) + statistics.variance(second)) / 2)
    return (statistics.fmean(second) - statistics.fmean(first)) / pooled if pooled else None


def steps_to_reach(curve: Sequence[tuple[int, float]], quality: float) -> float | None:
    """Return the step at which a curve first reaches a quality, linear between its points; None if it never does."""
    before: tuple[int, float] | None = None
    for step, value in curve:
        if value >= quality:
            if before is None:
                return float(step)
            return before[0] + (step - before[0]) * (quality - before[1]) / (value - before[1])
        before = (step, value)
    return None


def common_quality(curves: Sequence[Sequence[tuple[int, float]]], share: float = 0.99) -> float:
    """Return a quality that all curves reach: a share of the way from the lowest first value to the lowest last one."""
    first = min(curve[0][1] for curve in curves)
    last = min(curve[-1][1] for curve in curves)
    return first + share * (last - first)
