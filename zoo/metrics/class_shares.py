"""Measure how sure a classifier is of a set of pictures, and how evenly it spreads them over the classes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import feature_table


class ClassShares(NamedTuple):
    """Hold shares of a set's pictures, each in 0..1.

    Attributes:
        confident: the share of pictures whose likeliest class has more than the given probability.
        classes: the share of pictures per class, counted by their likeliest class.
    """

    confident: float
    classes: tuple[float, ...]


def class_shares(probabilities: npt.ArrayLike, confidence: float = 0.9) -> ClassShares:
    """Return the shares of a set of pictures.

    Args:
        probabilities: `[pictures, classes]` in 0..1, such as the function that
            `zoo.pretrained.feature_functions.class_probabilities` returns outputs.
        confidence: the probability above which the classifier counts as sure.

    Raises:
        ValueError: the probabilities are not a finite table of at least 2 rows.
    """
    table = feature_table(probabilities)
    counts = np.bincount(table.argmax(1), minlength=table.shape[1])
    confident = float(np.mean(table.max(1) > confidence))
    return ClassShares(confident, tuple(float(count) / len(table) for count in counts))
