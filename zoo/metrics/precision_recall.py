"""Improved precision and recall of generated pictures (Kynkaanniemi et al. 2019, arXiv:1904.06991)."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, check_widths, feature_table


class PrecisionRecall(NamedTuple):
    """Share of generated pictures that could be real, and of real pictures that could have been generated."""

    precision: float
    recall: float


def precision_recall(
    real: npt.ArrayLike, generated: npt.ArrayLike, *, neighbours: int = 3, block: int = 1000
) -> PrecisionRecall:
    """How much of the generated set lies in the real set's manifold, and how much of the real in the generated.

    A set's manifold is the union of balls, one around each picture, that reach to its k-th nearest neighbour there.

    Args:
        real: features `[n, d]`.
        generated: features `[m, d]`; the paper takes n = m.
        neighbours: k, the paper's 3.
        block: rows of the table of distances that are held at once; memory grows with it, the result does not change.

    Returns:
        Both in 0..1.

    Raises:
        ValueError: the features are not finite tables, differ in d, or a set has not more than `neighbours` rows.
    """
    first, second = feature_table(real), feature_table(generated)
    check_widths(first.shape[1], second.shape[1])
    if not 1 <= neighbours < min(len(first), len(second)) or block < 1:
        raise ValueError(
            f"neighbours={neighbours} must be from 1 to {min(len(first), len(second)) - 1}, one less than the smaller "
            f"set has pictures, and block={block} at least 1"
        )
    # Distances do not change with the origin, and their rounding is least where it is among the points.
    centre = first.mean(0)
    first, second = first - centre, second - centre
    return PrecisionRecall(
        _share_within(second, first, _radii(first, neighbours, block), block),
        _share_within(first, second, _radii(second, neighbours, block), block),
    )


def _radii(table: Array, neighbours: int, block: int) -> Array:
    """Squared distance of every row to its k-th nearest other row."""
    radii = np.empty(len(table))
    for start, distances in _squared_distances(table, table, block):
        rows = np.arange(len(distances))
        distances[rows, start + rows] = np.inf
        radii[start + rows] = np.partition(distances, neighbours - 1)[:, neighbours - 1]
    return radii


def _share_within(points: Array, centres: Array, radii: Array, block: int) -> float:
    """The share of points that lie in at least one ball."""
    inside = [(distances <= radii).any(1) for _, distances in _squared_distances(points, centres, block)]
    return float(np.concatenate(inside).mean())


def _squared_distances(a: Array, b: Array, block: int) -> Iterator[tuple[int, Array]]:
    """The first row's number and `[rows, len(b)]` of every block of rows of `a`."""
    lengths = np.sum(b**2, 1)
    for start in range(0, len(a), block):
        rows = a[start : start + block]
        yield start, np.maximum(np.sum(rows**2, 1)[:, None] + lengths - 2.0 * rows @ b.T, 0.0)
