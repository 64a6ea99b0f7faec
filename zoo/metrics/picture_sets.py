"""Compare two sets of pictures by their features."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, frechet_distance
from zoo.metrics.kernel_distance import kernel_distance
from zoo.metrics.precision_recall import precision_recall

FeatureFunction = Callable[[npt.NDArray[np.generic]], npt.NDArray[np.floating]]
"""A function from pictures `[b, h, w, c]`, uint8 or floats in 0..1, to features `[b, d]`."""


def features_of(
    function: FeatureFunction,
    pictures: npt.NDArray[np.generic] | Iterable[npt.NDArray[np.generic]],
    *,
    batch: int = 100,
) -> Array:
    """Compute features of pictures in float64, one batch at a time.

    Args:
        function: maps pictures `[b, h, w, c]` to features `[b, d]`; see `zoo.pretrained.feature_functions`.
        pictures: `[n, h, w, c]`, or batches of them, each of which is passed to the function as it is.
        batch: number of pictures passed to the function at once.

    Returns:
        `[n, d]`.
    """
    if isinstance(pictures, np.ndarray):
        pictures = np.split(pictures, range(batch, len(pictures), batch))
    return np.concatenate([np.asarray(function(each), np.float64) for each in pictures])


def compare_sets(real: npt.ArrayLike, generated: npt.ArrayLike) -> dict[str, float]:
    """Return every distance between two sets of features, by name.

    Args:
        real: features `[n, d]`.
        generated: features `[m, d]`.

    Returns:
        `frechet` and `kernel` (0 is best), `precision` and `recall` (1 is best).

    Raises:
        ValueError: the features are not finite tables of more than 3 rows, or differ in d.
    """
    shares = precision_recall(real, generated)
    return {
        "frechet": frechet_distance(real, generated),
        "kernel": kernel_distance(real, generated),
        "precision": shares.precision,
        "recall": shares.recall,
    }
