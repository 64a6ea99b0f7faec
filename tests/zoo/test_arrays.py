"""Test arithmetic on arrays."""

import numpy as np
import pytest

from zoo.arrays import relative_distance


def test_relative_distance_is_global():
    one = [np.array([3.0, 0.0]), np.array([[4.0]])]
    other = [np.array([3.0, 0.3]), np.array([[4.4]])]
    assert relative_distance(one, other) == pytest.approx(0.5 / 5)
