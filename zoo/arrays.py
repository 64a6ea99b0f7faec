"""Name the types of arrays and shapes, and compute with shapes as layers and networks both need it.

Modules that must not load NumPy import the types for type checking only.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
"""A NumPy array of any shape and dtype; docstrings say which."""

Shape = tuple[int | None, ...]
"""The shape of a tensor; None for a size that is not known."""

Size = tuple[int, int]
"""Height and width."""

Reach = tuple[int, int, int]
"""The pixels that a layer's output depends on, along one axis: (scale, first, last).

Output pixel p depends on input pixels floor((p + first) / scale) to floor((p + last) / scale), where `scale` is the
factor by which the layer enlarges.
"""


def places(shape: Shape, data_format: str = "channels_last") -> int:
    """Return height times width of a feature map.

    Args:
        shape: of the feature map, with the batch.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: a size is not known.
    """
    grid = shape[2:] if data_format == "channels_first" else shape[1:-1]
    if None in grid:
        raise ValueError(f"a feature map of shape {tuple(shape)} has no fixed height and width; give an input size")
    return math.prod(size for size in grid if size is not None)


def kernel_reach(size: int, padding: str = "same", dilation: int = 1) -> tuple[int, int]:
    """Return how many pixels before and after its own a convolution of stride 1 reads along one axis.

    Args:
        size: of the kernel.
        padding: `"same"`; or `"valid"`, whose first output pixel reads from the first input pixel on.
        dilation: distance of the kernel's taps.
    """
    span = (size - 1) * dilation
    return (0, span) if padding == "valid" else (span // 2, span - span // 2)


def relative_distance(one: Sequence[Array], other: Sequence[Array]) -> float:
    """Return the L2 norm of the difference of two lists of arrays over that of the first, all arrays taken together.

    Args:
        one: arrays, such as all weights of a network.
        other: as many arrays of the same shapes.
    """
    difference = sum(float(np.sum(np.square(a - b, dtype=float))) for a, b in zip(one, other, strict=True))
    return (difference / sum(float(np.sum(np.square(a, dtype=float))) for a in one)) ** 0.5
