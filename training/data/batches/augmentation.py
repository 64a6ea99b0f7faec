"""Change training pictures at random, each as a function of the seed and its global position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.data.random_streams import Stream, stream_key, uniforms

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Augmentation:
    """Say how training pictures are changed.

    Attributes:
        flip: mirror each picture left to right with probability 1/2.
        shift: move each picture by up to this many pixels, down or up and right or left. What it leaves is filled with
            its outermost pixels.
    """

    flip: bool = False
    shift: int = 0

    def __bool__(self) -> bool:
        """Return whether pictures are changed at all."""
        return self.flip or self.shift > 0

    def __call__(self, images: tf.Tensor, positions: tf.Tensor, seed: int) -> tf.Tensor:
        """Return the changed pictures.

        Args:
            images: `[n, height, width, channels]`, of known height and width.
            positions: int64 `[n]`.
            seed: of the run.
        """
        if self.flip:
            images = _flipped(images, positions, seed)
        return _shifted(images, positions, seed, self.shift) if self.shift else images


UNCHANGED = Augmentation()


def _flipped(images: tf.Tensor, positions: tf.Tensor, seed: int) -> tf.Tensor:
    import tensorflow as tf

    mirrored = uniforms(stream_key(seed, Stream.FLIP), positions, 1) < 0.5
    return tf.where(mirrored[:, :, None, None], tf.reverse(images, [2]), images)


def _shifted(images: tf.Tensor, positions: tf.Tensor, seed: int, most: int) -> tf.Tensor:
    import tensorflow as tf

    draws = uniforms(stream_key(seed, Stream.SHIFT), positions, 2)
    distances = tf.cast(draws * (2 * most + 1), tf.int32) - most
    for axis in (1, 2):
        size = images.shape[axis]
        places = tf.clip_by_value(tf.range(size) - distances[:, axis - 1, None], 0, size - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images
