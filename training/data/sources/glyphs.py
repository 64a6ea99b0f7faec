"""Draw digits at run time, an endless substitute for MNIST that needs no download."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from training.data.batches.pictures import Pictures, ResizedPictures
from training.data.random_streams import GlyphStream, stream_key, uniforms
from training.data.source import Source
from training.data.source_kind import Announce, SourceKind
from training.data.sources.glyph_masters import MASTER_SIZE, draw_masters

if TYPE_CHECKING:
    import tensorflow as tf

_SIZE = 28
_COUNTS = {"train": 60_000, "validation": 5_000, "test": 10_000}
_ROTATION = 0.26
_SHEAR = 0.25
_SCALE = 0.15
_SHIFT = 2.0
_TABLE = 4096


class Glyphs(SourceKind):
    """Open the source `glyphs`."""

    names = ("glyphs",)

    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> GlyphSource:
        """Open the digits that a seed draws."""
        return GlyphSource(image_size, seed)


class GlyphSource(Source):
    """Provide white digits on black, 28x28x1, in random fonts, stroke widths, rotations, shears, sizes and places.

    The training part is endless. The seed changes only the training pictures: validation and test are the same for
    every seed, so that runs of several seeds are measured on the same pictures.
    """

    def __init__(self, image_size: int | None = None, seed: int = 0) -> None:
        """Draw the masters; `image_size` other than 28 resizes the pictures."""
        size = image_size or _SIZE
        super().__init__(name="glyphs", image_shape=(size, size, 1), splits=tuple(_COUNTS), classes=10)
        self._masters = draw_masters()
        self._seed = seed
        ranges = f"{_SIZE} {_COUNTS} {_ROTATION} {_SHEAR} {_SCALE} {_SHIFT} {self.image_shape}"
        self.fingerprint = hashlib.sha256(self._masters.tobytes() + ranges.encode()).hexdigest()[:12]

    def _split(self, split: str) -> Pictures:
        seed = self._seed if split == "train" else 0
        glyphs = GlyphPictures(
            self._masters,
            key=stream_key(GlyphStream[split.upper()], seed),
            count=_COUNTS[split],
            endless=split == "train",
        )
        return glyphs if self.image_shape == glyphs.shape else ResizedPictures(glyphs, self.image_shape[0])


class GlyphPictures(Pictures):
    """Draw the digits of one split; the picture at a position is a function of the key and the position alone."""

    shape = (_SIZE, _SIZE, 1)
    classes = 10

    def __init__(self, masters: np.ndarray, key: int, count: int, endless: bool) -> None:
        """Warp `masters`, uint8 [styles, 10, 56, 56], by the draws of the stream that `key` names."""
        import tensorflow as tf

        self.count, self.endless, self._key = count, endless, key
        self._styles = len(masters)
        with tf.device("CPU:0"):
            self._masters = tf.constant(masters.reshape(-1, MASTER_SIZE, MASTER_SIZE, 1), tf.uint8)

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.take`."""
        import tensorflow as tf

        draws = uniforms(self._key, positions, 8)
        style = tf.cast(draws[:, 1] * self._styles, tf.int32)
        masters = tf.gather(self._masters, style * 10 + _digits(draws))
        images = tf.raw_ops.ImageProjectiveTransformV3(
            images=tf.cast(masters, tf.float32),
            transforms=_transforms(draws),
            output_shape=[_SIZE, _SIZE],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
        return tf.cast(tf.round(images), tf.uint8)

    def labels(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.labels`."""
        import tensorflow as tf

        return tf.cast(_digits(uniforms(self._key, positions, 8)), tf.int64)


def _digits(draws: tf.Tensor) -> tf.Tensor:
    """Return the digits int32 [n] that follow from draws float32 [n, 8]."""
    import tensorflow as tf

    return tf.cast(draws[:, 0] * 10.0, tf.int32)


def _transforms(draws: tf.Tensor) -> tf.Tensor:
    """Return affine maps float32 [n, 8] from pixels of the picture to pixels of the master.

    Sines and exponentials come from tables: TensorFlow rounds them differently in the vectorised part of a batch and in
    its remainder, so that a picture would depend on its place in the batch.
    """
    import tensorflow as tf

    symmetric = np.linspace(-1.0, 1.0, _TABLE)
    ratio = MASTER_SIZE / _SIZE

    def drawn(column: int, values: np.ndarray) -> tf.Tensor:
        return tf.gather(tf.constant(values, tf.float32), tf.cast(draws[:, column] * float(_TABLE), tf.int32))

    cosine, sine = drawn(2, np.cos(_ROTATION * symmetric)), drawn(2, np.sin(_ROTATION * symmetric))
    shear = drawn(3, _SHEAR * symmetric)
    across = drawn(4, ratio * np.exp(_SCALE * symmetric))
    down = drawn(5, ratio * np.exp(_SCALE * symmetric))
    x, y = (drawn(column, (_SIZE - 1) / 2 + _SHIFT * symmetric) for column in (6, 7))
    a, b = across * (cosine + shear * sine), across * (shear * cosine - sine)
    c, d = down * sine, down * cosine
    centre = (MASTER_SIZE - 1) / 2
    zero = tf.zeros_like(a)
    return tf.stack([a, b, centre - a * x - b * y, c, d, centre - c * x - d * y, zero, zero], axis=1)
