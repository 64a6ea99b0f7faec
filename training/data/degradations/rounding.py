"""Round numbers so that every path of a training rounds them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# Sums that are exactly a half on paper differ in their last bits between TensorFlow's kernels and XLA's.
_TIE = 0.5 + 1e-6


def rounded(values: tf.Tensor) -> tf.Tensor:
    """Return the nearest whole numbers of float64 values, upwards from a half."""
    import tensorflow as tf

    return tf.floor(values + _TIE)


def rounded_from_zero(values: tf.Tensor) -> tf.Tensor:
    """Return the nearest whole numbers of float64 values, away from zero from a half."""
    import tensorflow as tf

    return tf.sign(values) * tf.floor(tf.abs(values) + _TIE)


def to_grey_levels(values: tf.Tensor) -> tf.Tensor:
    """Return float64 values as whole numbers from 0 to 255, still in float64."""
    import tensorflow as tf

    return tf.clip_by_value(rounded(values), tf.zeros([], values.dtype), tf.cast(255, values.dtype))
