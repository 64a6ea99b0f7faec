"""Kernel distance between two sets of pictures, by their features (Binkowski et al. 2018, arXiv:1801.01401)."""

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, check_widths, feature_table


def kernel_distance(one: npt.ArrayLike, other: npt.ArrayLike, *, block: int = 1000, seed: int = 0) -> float:
    """Squared maximum mean discrepancy under the kernel (x.y / d + 1)^3, estimated without bias.

    Both sets are shuffled and cut into equally many blocks that share no picture; the estimate is the mean over the
    pairs of blocks. Unlike the Frechet distance it has no bias in the number of pictures.

    Args:
        one: features `[n, d]`.
        other: features `[m, d]`.
        block: the smaller set's pictures in a block; time and memory grow with it, and the estimate's spread falls.
        seed: of the shuffles; it changes nothing where everything fits into one block.

    Returns:
        About 0 for equal distributions, and then as often below 0 as above.

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
    """The U-statistic of the squared maximum mean discrepancy."""
    return _mean_of_others(a) + _mean_of_others(b) - 2.0 * float(_kernel(a, b).mean())


def _mean_of_others(table: Array) -> float:
    """The kernel's mean over pairs of different rows: a row paired with itself is what makes the plain mean biased."""
    values = _kernel(table, table)
    count = len(table)
    return float(values.sum() - np.trace(values)) / (count * (count - 1))


def _kernel(a: Array, b: Array) -> Array:
    root = a @ b.T / a.shape[1] + 1.0
    # NumPy's power of 3 takes ten times as long.
    return root * root * root
