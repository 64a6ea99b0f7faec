"""Stretch, shift and invert the contrast of training pairs at random, as a function of the seed and the position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.data.random_streams import Stream, stream_key, uniforms

if TYPE_CHECKING:
    import tensorflow as tf

_LARGEST_GAIN = 2.0
"""More would show the noise and the JPEG blocks of training pictures."""
_WHITE = 255.0


def with_other_contrast(pictures: list[tf.Tensor], positions: tf.Tensor, seed: int) -> list[tf.Tensor]:
    """Return training pairs, half of which have their grey levels mapped to others by a straight line.

    Photographs hold few edges between black and white, and even fewer that are bright on dark as in slides and
    drawings, where a network that has not seen them leaves spots. A linear reduction commutes with such a map, so the
    pictures stay a pair, but for the rounding. The map is as steep as the patch allows, at most twice, falls as often
    as it rises, and leaves no grey level outside 0..255.

    Args:
        pictures: uint8 [n, height, width, channels] each, all of the same n patches.
        positions: int64 [n].
        seed: of the run.
    """
    import tensorflow as tf

    draws = uniforms(stream_key(seed, Stream.CONTRAST), positions, 4)[:, :, None, None, None]
    values = [tf.cast(picture, tf.float32) for picture in pictures]
    dark = tf.reduce_min([tf.reduce_min(each, [1, 2, 3], keepdims=True) for each in values], 0)
    bright = tf.reduce_max([tf.reduce_max(each, [1, 2, 3], keepdims=True) for each in values], 0)
    span = bright - dark
    largest = tf.minimum(_WHITE / tf.maximum(span, 1.0), _LARGEST_GAIN)
    gain = 1.0 + draws[:, 1] * (largest - 1.0)
    lowest = draws[:, 2] * (_WHITE - gain * span)

    def mapped(each: tf.Tensor) -> tf.Tensor:
        rising = tf.where(draws[:, 3] < 0.5, each - dark, bright - each)
        return tf.cast(tf.round(tf.clip_by_value(lowest + gain * rising, 0.0, _WHITE)), tf.uint8)

    changed = draws[:, 0] < 0.5
    return [tf.where(changed, mapped(value), picture) for value, picture in zip(values, pictures, strict=True)]
