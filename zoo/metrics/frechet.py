"""Compute the Frechet distance of the features of two sets of pictures (Heusel et al. 2017, arXiv:1706.08500)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zoo.arrays import Array


@dataclass(frozen=True)
class Moments:
    """Hold the mean `[d]` and the covariance `[d, d]` of features, on which alone the Frechet distance depends."""

    mean: Array
    covariance: Array


def moments(features: npt.ArrayLike) -> Moments:
    """Return the mean and the unbiased covariance of features `[n, d]`, in float64.

    Raises:
        ValueError: the features are not a finite table of at least 2 rows.
    """
    table = feature_table(features)
    return Moments(table.mean(0), np.cov(table, rowvar=False).reshape(table.shape[1], table.shape[1]))


def frechet_distance(one: npt.ArrayLike | Moments, other: npt.ArrayLike | Moments) -> float:
    """Return the squared Frechet (2-Wasserstein) distance of the Gaussians with the moments of two sets of features.

    It is |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2)). It grows with the sampling error of the moments: compare
    only values from equal numbers of pictures.

    Args:
        one: features `[n, d]`, or their moments if the same set is compared repeatedly.
        other: features or moments of the other set; n may differ.

    Returns:
        A number of at least 0; 0 for equal moments.

    Raises:
        ValueError: the features are not finite tables of at least 2 rows, or differ in d.
    """
    first, second = (each if isinstance(each, Moments) else moments(each) for each in (one, other))
    check_widths(first.mean.size, second.mean.size)
    # The trace of (C1 C2)^(1/2) is the sum of the singular values of C1^(1/2) C2^(1/2). Unlike a square root of the
    # product, these are never complex, and they do not magnify rounding in the null space of a singular covariance.
    product = _square_root(first.covariance) @ _square_root(second.covariance)
    shared = float(np.linalg.svd(product, compute_uv=False).sum())
    apart = float(np.sum((first.mean - second.mean) ** 2))
    return max(0.0, apart + float(np.trace(first.covariance) + np.trace(second.covariance)) - 2.0 * shared)


def feature_table(features: npt.ArrayLike) -> Array:
    """Return features as float64 `[n, d]`.

    Raises:
        ValueError: the features are not a finite table of at least 2 rows.
    """
    table = np.asarray(features, np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 1:
        raise ValueError(f"features of shape {table.shape}: they must be [n, d] with n at least 2; give more pictures")
    if not np.isfinite(table).all():
        raise ValueError("features hold values that are not finite; look at the pictures that they were computed from")
    return table


def check_widths(one: int, other: int) -> None:
    """Raise `ValueError` unless both sets have the same number of features per picture."""
    if one != other:
        raise ValueError(f"features of {one} and {other} numbers cannot be compared; take one feature function")


def _square_root(covariance: Array) -> Array:
    """Return the symmetric square root of a positive semi-definite matrix; eigenvalues below 0 are rounding."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
