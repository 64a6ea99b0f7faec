"""Compare two sets of pictures by what a feature function makes of them."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import Array, frechet_distance
from zoo.metrics.kernel_distance import kernel_distance
from zoo.metrics.precision_recall import precision_recall

# Pictures [b, h, w, c], uint8 or floats in 0..1, to features [b, d].
FeatureFunction = Callable[[npt.NDArray[np.generic]], npt.NDArray[np.floating]]


def features_of(
    function: FeatureFunction,
    pictures: npt.NDArray[np.generic] | Iterable[npt.NDArray[np.generic]],
    *,
    batch: int = 100,
) -> Array:
    """Features of pictures in float64, a batch at a time.

    Args:
        function: from pictures `[b, h, w, c]` to features `[b, d]`, such as `zoo.pretrained.feature_function` gives.
        pictures: `[n, h, w, c]`, or batches of them, which are taken as they come.
        batch: pictures that the function gets at once.

    Returns:
        `[n, d]`.
    """
    if isinstance(pictures, np.ndarray):
        pictures = np.split(pictures, range(batch, len(pictures), batch))
    return np.concatenate([np.asarray(function(each), np.float64) for each in pictures])


def compare_sets(real: npt.ArrayLike, generated: npt.ArrayLike) -> dict[str, float]:
    """Every distance between two sets of features, by name.

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
