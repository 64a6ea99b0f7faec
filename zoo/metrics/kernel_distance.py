"""Compute the kernel distance of the features of two sets of pictures (Binkowski et al. 2018, arXiv:1801.01401)."""

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, check_widths, feature_table


def kernel_distance(one: npt.ArrayLike, other: npt.ArrayLike, *, block: int = 1000, seed: int = 0) -> float:
    """Return an unbiased estimate of the squared maximum mean discrepancy under the kernel (x.y / d + 1)^3.

    Both sets are shuffled and cut into the same number of blocks that share no picture; the estimate is the mean over
    the pairs of blocks. Unlike that of the Frechet distance, its expectation does not depend on the number of pictures.

    Args:
        one: features `[n, d]`.
        other: features `[m, d]`.
        block: number of the smaller set's pictures in a block. Larger blocks need more time and memory, and the
            estimate varies less.
        seed: seed of the shuffles; it changes nothing if everything fits into one block.

    Returns:
        A number about 0 for equal distributions, below 0 as often as above.

    Raises:
        ValueError: the features are not finite tables of at least 2 rows, differ in d, or `block` is less than 2.
    """
    first, second = feature_table(one), feature_table(other)
    check_widths(first.shape[1], second.shape[1])
    if block < 2:
        raise ValueError(f"block={block} must be at least 2")
    blocks = max(1, min(len(first), len(second)) // block)
    generator = np.random.default_rng(seed)
    parts = [np.array_split(generator.permutation(table), blocks) for table in (first, second)]
    return float(np.mean([_discrepancy(a, b) for a, b in zip(*parts, strict=True)]))


def _discrepancy(a: Array, b: Array) -> float:
    """Return the U-statistic of the squared maximum mean discrepancy."""
    return _mean_of_others(a) + _mean_of_others(b) - 2.0 * float(_kernel(a, b).mean())


def _mean_of_others(table: Array) -> float:
    """Return the kernel's mean over pairs of different rows; pairs of a row with itself would make it biased."""
    values = _kernel(table, table)
    count = len(table)
    return float(values.sum() - np.trace(values)) / (count * (count - 1))


def _kernel(a: Array, b: Array) -> Array:
    root = a @ b.T / a.shape[1] + 1.0
    # NumPy's power of 3 takes ten times as long.
    return root * root * root
