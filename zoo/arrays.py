"""Type aliases of arrays, shapes and sizes. Modules that must not load NumPy import them for type checking only."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
"""A NumPy array of any shape and dtype; docstrings say which."""

Shape = tuple[int | None, ...]
"""The shape of a tensor; None for a size that is not known."""

Size = tuple[int, int]
"""Height and width."""
