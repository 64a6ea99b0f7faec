"""Make numbers to try operations on that may only move or repeat them."""

import numpy as np

from zoo.arrays import Array


def trial_numbers(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return two arrays that together hold a different pair of numbers at each place.

    16-bit floats represent all of them exactly.
    """
    numbers = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape) - 7.0
    return numbers % 256 - 99.0, numbers // 256
