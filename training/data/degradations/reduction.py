"""Reduce pictures with antialiasing, each with one of several kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_Kernel = Callable[[np.ndarray], np.ndarray]


def _box(x: np.ndarray) -> np.ndarray:
    return np.where((x >= -0.5) & (x < 0.5), 1.0, 0.0)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: np.ndarray) -> np.ndarray:
    """Return Keys's kernel with a = -1/2."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 3.0, np.sinc(x) * np.sinc(x / 3.0), 0.0)


KERNELS: dict[str, _Kernel] = {"box": _box, "triangle": _triangle, "cubic": _cubic, "lanczos": _lanczos}
"""Kernels by name, as functions of the distance in low-resolution pixels."""


def reduced(images: tf.Tensor, scale: int, kernel: tf.Tensor) -> tf.Tensor:
    """Return pictures that are `scale` times smaller.

    A place of the small picture is a weighted mean of the places that the kernel covers, as in Pillow's `resize`.

    Args:
        images: float `[n, scale * height, scale * width]`, of known height and width.
        scale: int factor.
        kernel: which of `KERNELS` reduces each picture, int `[n]`.

    Returns:
        float `[n, height, width]`.
    """
    import tensorflow as tf

    down, across = (
        tf.gather(tf.constant(_matrices(size // scale, scale), images.dtype), kernel) for size in images.shape[1:]
    )
    return tf.matmul(down, tf.matmul(images, across, transpose_b=True))


def _matrices(size: int, scale: int) -> np.ndarray:
    """Return the matrix `[size, scale * size]` of every kernel that reduces one axis."""
    centres = (np.arange(size) + 0.5) * scale
    places = np.arange(size * scale) + 0.5
    weights = np.stack([kernel((places - centres[:, None]) / scale) for kernel in KERNELS.values()])
    return weights / weights.sum(axis=2, keepdims=True)
