"""What a classifier makes of a set of pictures: how sure it is, and how even the classes are."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zoo.metrics.frechet import feature_table


class ClassShares(NamedTuple):
    """Shares of a set's pictures, each in 0..1.

    Attributes:
        confident: those whose likeliest class has more than the asked probability.
        classes: those of every class, by the likeliest one.
    """

    confident: float
    classes: tuple[float, ...]


def class_shares(probabilities: npt.ArrayLike, confidence: float = 0.9) -> ClassShares:
    """The shares of a set.

    Args:
        probabilities: `[pictures, classes]`, such as `zoo.pretrained.class_probabilities` gives.
        confidence: the probability above which a classifier is sure.

    Raises:
        ValueError: the probabilities are not a finite table.
    """
    table = feature_table(probabilities)
    counts = np.bincount(table.argmax(1), minlength=table.shape[1])
    sure = float(np.mean(table.max(1) > confidence))
    return ClassShares(sure, tuple(float(count) / len(table) for count in counts))
