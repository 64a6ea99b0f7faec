"""Compress grey pictures as JPEG does and decompress them, in batches and in any TensorFlow graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from training.data.degradations.rounding import rounded, rounded_from_zero, to_grey_levels

if TYPE_CHECKING:
    import tensorflow as tf

_SIDE = 8
# How many times larger than the orthonormal transform's libjpeg's numbers are after its first and its second pass.
_FIRST_PASS, _SECOND_PASS = 4 * math.sqrt(8), 8
# ITU-T T.81 (1992), table K.1: the steps of luminance at quality 50.
_STEPS = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


def compressed(images: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    """Return what a JPEG decoder makes of the files of grey pictures.

    Only what loses information is computed: rounding to 8 bits, the cosine transform of blocks of 8x8 pixels, the
    rounding of its coefficients to multiples of the steps of a quality, and the way back.

    Args:
        images: float64 `[n, height, width]` in 0..255, of known height and width.
        quality: of libjpeg, from 1 to 100, int `[n]`.

    Returns:
        float64 `[n, height, width]`, whole numbers from 0 to 255. libjpeg computes with less precise integers, so that
        some pixels differ by 1, and rarely a coefficient is rounded the other way.
    """
    import tensorflow as tf

    height, width = images.shape[1:]
    levels = _filled(to_grey_levels(images) - 128.0)
    rows, columns = (size // _SIDE for size in levels.shape[1:])
    blocks = tf.transpose(tf.reshape(levels, [-1, rows, _SIDE, columns, _SIDE]), [0, 1, 3, 2, 4])
    transform = tf.constant(_cosines(), images.dtype)
    steps = tf.cast(_steps(quality), images.dtype)[:, None, None]
    # libjpeg rounds to whole numbers after each pass. Without that, one coefficient in a hundred ends on another step.
    along_rows = rounded(_FIRST_PASS * tf.matmul(blocks, transform, transpose_b=True)) / _FIRST_PASS
    coefficients = rounded(_SECOND_PASS * tf.matmul(transform, along_rows)) / _SECOND_PASS
    coefficients = steps * rounded_from_zero(coefficients / steps)
    blocks = tf.matmul(transform, tf.matmul(coefficients, transform), transpose_a=True)
    whole = tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4]), [-1, rows * _SIDE, columns * _SIDE])
    return to_grey_levels(whole[:, :height, :width] + 128.0)


def _filled(images: tf.Tensor) -> tf.Tensor:
    """Return pictures whose last row and column are repeated until both sides are multiples of 8."""
    import tensorflow as tf

    for axis in (1, 2):
        size = images.shape[axis]
        if size % _SIDE:
            places = np.minimum(np.arange(math.ceil(size / _SIDE) * _SIDE), size - 1)
            images = tf.gather(images, tf.constant(places), axis=axis)
    return images


def _cosines() -> np.ndarray:
    """Return the orthonormal matrix of the cosine transform, frequencies by places."""
    frequencies = np.arange(_SIDE)[:, None]
    matrix = np.cos((2 * np.arange(_SIDE) + 1) * frequencies * math.pi / (2 * _SIDE)) * math.sqrt(2 / _SIDE)
    matrix[0] /= math.sqrt(2)
    return matrix


def _steps(quality: tf.Tensor) -> tf.Tensor:
    """Return the steps of each quality, int `[n, 8, 8]`, as libjpeg's `jpeg_quality_scaling` computes them."""
    import tensorflow as tf

    percent = tf.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return tf.clip_by_value((tf.constant(_STEPS, quality.dtype) * percent[:, None, None] + 50) // 100, 1, 255)
