"""Compute improved precision and recall of generated pictures (Kynkaanniemi et al. 2019, arXiv:1904.06991)."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, check_widths, feature_table


class PrecisionRecall(NamedTuple):
    """Hold two shares in 0..1.

    Attributes:
        precision: share of the generated pictures that lie in the real set's manifold.
        recall: share of the real pictures that lie in the generated set's manifold.
    """

    precision: float
    recall: float


def precision_recall(
    real: npt.ArrayLike, generated: npt.ArrayLike, *, neighbours: int = 3, block: int = 1000
) -> PrecisionRecall:
    """Return the shares of each set that lie in the other set's manifold.

    A set's manifold is the union of balls around its pictures, each with the distance to the picture's k-th nearest
    neighbour in the set as radius.

    Args:
        real: features `[n, d]`.
        generated: features `[m, d]`; the paper takes n = m.
        neighbours: k, the paper's 3.
        block: number of rows of the table of distances to hold in memory at once; it does not change the result.

    Returns:
        Precision and recall, both in 0..1.

    Raises:
        ValueError: the features are not finite tables, differ in d, a set has no more than `neighbours` rows, or
            `neighbours` or `block` is less than 1.
    """
    first, second = feature_table(real), feature_table(generated)
    check_widths(first.shape[1], second.shape[1])
    if not 1 <= neighbours < min(len(first), len(second)) or block < 1:
        raise ValueError(
            f"neighbours={neighbours} must be from 1 to {min(len(first), len(second)) - 1}, one less than the smaller "
            f"set has pictures, and block={block} at least 1"
        )
    # Distances do not depend on the origin, and they are rounded least if it lies among the points.
    centre = first.mean(0)
    first, second = first - centre, second - centre
    return PrecisionRecall(
        _share_within(second, first, _radii(first, neighbours, block), block),
        _share_within(first, second, _radii(second, neighbours, block), block),
    )


def _radii(table: Array, neighbours: int, block: int) -> Array:
    """Return the squared distance of every row to its k-th nearest other row."""
    radii = np.empty(len(table))
    for start, distances in _squared_distances(table, table, block):
        rows = np.arange(len(distances))
        distances[rows, start + rows] = np.inf
        radii[start + rows] = np.partition(distances, neighbours - 1)[:, neighbours - 1]
    return radii


def _share_within(points: Array, centres: Array, radii: Array, block: int) -> float:
    """Return the share of points that lie in at least one ball."""
    inside = [(distances <= radii).any(1) for _, distances in _squared_distances(points, centres, block)]
    return float(np.concatenate(inside).mean())


def _squared_distances(a: Array, b: Array, block: int) -> Iterator[tuple[int, Array]]:
    """Yield the first row's number and the distances `[rows, len(b)]` of every block of rows of `a`."""
    lengths = np.sum(b**2, 1)
    for start in range(0, len(a), block):
        rows = a[start : start + block]
        yield start, np.maximum(np.sum(rows**2, 1)[:, None] + lengths - 2.0 * rows @ b.T, 0.0)
