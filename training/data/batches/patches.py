"""Cut pairs of low- and high-resolution patches at random from pictures of any size."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from training.data.batches.cells import Cells, photographed
from training.data.batches.contrast import with_other_contrast
from training.data.batches.pairs import Pairs, cached_pairs, shared_tensor
from training.data.batches.pictures import Pictures
from training.data.degradations.photo import Photo
from training.data.errors import SourceError
from training.data.random_streams import Stream, stream_key, uniforms
from zoo.imaging import degrade

if TYPE_CHECKING:
    import tensorflow as tf

    from training.data.source import Source

_ORIENTATIONS = 8
_DEGRADED_TOGETHER = 512
"""Most patches that are degraded at once, because each takes some hundred kilobytes under way."""


class Patches(Pictures):
    """Provide endless training pairs: the pair at a position is a function of the seed and the position alone.

    Each pair takes a random picture, a random place in it and one of the 8 ways to turn and mirror it. A picture is
    taken in proportion to its area, so that all pixels count alike. Whole pictures are reduced, so that the borders of
    a patch have no effect on it. All pictures lie in one array of pixels, and a batch is gathered from it by indices,
    which also turn and mirror it.

    Under the degradation `photo` the low-resolution patch is made of a high-resolution window around the patch instead,
    in another way at every position.

    Attributes:
        shape: shape of a high-resolution patch.
        count: number of patches that fit into the pictures side by side, the length of a nominal epoch.
    """

    endless = True
    compiles = True

    def __init__(
        self, pairs: Pairs, patch: int, seed: int, photo: Photo | None = None, *, contrast: bool = False
    ) -> None:
        """Cut patches of `patch` low-resolution pixels a side from pairs of pictures.

        Args:
            pairs: of pictures.
            patch: side of a patch in low-resolution pixels.
            seed: of the run.
            photo: makes the low-resolution patches, instead of cutting them.
            contrast: change the contrast of half of the patches.

        Raises:
            SourceError: no picture is large enough for a patch.
        """
        self._scale, self._patch, self._photo = pairs.scale, patch, photo
        self._seed, self._contrast = seed, contrast
        self.shape = (pairs.scale * patch, pairs.scale * patch, pairs.channels)
        self._key = stream_key(seed, Stream.PATCHES)
        areas = np.prod(pairs.sizes, axis=1)
        fits = pairs.sizes.min(axis=1) >= patch
        if not fits.any():
            smallest = int(pairs.sizes.min(axis=1).max(initial=0)) * pairs.scale
            raise SourceError(
                f"Patches of {self.shape[0]}x{self.shape[0]} are larger than every picture (the best has {smallest} "
                "whole pixels on its shorter side); give a smaller patch, or larger pictures."
            )
        # Pixels of high resolution are r*r times as many, so one table of first pixels serves both.
        starts = np.cumsum(areas) - areas
        self._area = int(areas[fits].sum())
        self.count = max(1, self._area // patch**2)
        self._place("CPU:0", pairs.high, pairs.low, pairs.sizes[fits], starts[fits], np.cumsum(areas[fits]))

    def _place(self, device: str, *arrays: np.ndarray) -> None:
        """Copy pixels and tables to a device."""
        import tensorflow as tf

        with tf.device(device):
            tensor = shared_tensor if device == "CPU:0" else tf.constant
            self._high, self._low, self._sizes, self._starts, self._ends = map(tensor, arrays)

    @property
    def device_bytes(self) -> int:
        """Return how many bytes `on_device` takes."""
        return int(np.prod(self._high.shape) + np.prod(self._low.shape))

    def on_device(self, device: str) -> Patches:
        """See `Pictures.on_device`."""
        placed = copy.copy(self)
        tensors = (self._high, self._low, self._sizes, self._starts, self._ends)
        placed._place(device, *(tensor.numpy() for tensor in tensors))
        return placed

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """Return only the high-resolution patches."""
        return self.examples(positions, labels=False)["image"]

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """Return `image` at high and `low` at low resolution, see `Pictures.examples`."""
        import tensorflow as tf

        count = positions.shape[0]
        if not self._photo or not count or count <= _DEGRADED_TOGETHER:
            return self._pairs(positions)
        together = max(size for size in range(1, _DEGRADED_TOGETHER + 1) if count % size == 0)
        parts = tf.map_fn(
            self._pairs,
            tf.reshape(positions, [-1, together]),
            fn_output_signature={
                "image": tf.TensorSpec([together, *self.shape], tf.uint8),
                "low": tf.TensorSpec([together, self._patch, self._patch, self.shape[-1]], tf.uint8),
            },
        )
        return {name: tf.reshape(part, [count, *part.shape[2:]]) for name, part in parts.items()}

    def _pairs(self, positions: tf.Tensor) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        draws = uniforms(self._key, positions, 4)
        # Whole numbers keep the choice exact for areas beyond 2**24, the number of values of a draw.
        pixel = tf.cast(draws[:, 0] * 2.0**24, tf.int64) * self._area // 2**24
        chosen = tf.searchsorted(self._ends, pixel, side="right", out_type=tf.int64)
        sizes = tf.gather(self._sizes, chosen)
        corners = tf.cast(draws[:, 1:3] * tf.cast(sizes - self._patch + 1, tf.float32), tf.int64)
        corners = tf.minimum(corners, sizes - self._patch)
        orientations = tf.cast(draws[:, 3] * _ORIENTATIONS, tf.int64)
        starts = tf.gather(self._starts, chosen)

        def cut(pixels: tf.Tensor, factor: int, margin: int = 0) -> tf.Tensor:
            side = factor * (self._patch + 2 * margin)
            rows, columns = _turned(side, orientations)
            rows += factor * (corners[:, 0, None, None] - margin)
            columns += factor * (corners[:, 1, None, None] - margin)
            height, width = factor * sizes[:, 0, None, None], factor * sizes[:, 1, None, None]
            if margin:
                # Beyond its edges a picture continues with its outermost pixels.
                rows, columns = tf.clip_by_value(rows, 0, height - 1), tf.clip_by_value(columns, 0, width - 1)
            return tf.gather(pixels, factor**2 * starts[:, None, None] + rows * width + columns)

        def varied(*pictures: tf.Tensor) -> list[tf.Tensor]:
            return with_other_contrast([*pictures], positions, self._seed) if self._contrast else [*pictures]

        if not self._photo:
            image, low = varied(cut(self._high, self._scale), cut(self._low, 1))
            return {"image": image, "low": low}
        (windows,) = varied(cut(self._high, self._scale, self._photo.margin))
        edge = self._scale * self._photo.margin
        return {"image": windows[:, edge:-edge, edge:-edge], "low": self._photo(windows, positions)}


def super_resolution_pairs(
    source: Source,
    scale: int,
    patch: int,
    seed: int,
    *,
    channels: int = 1,
    reduced: bool = False,
    contrast: bool = False,
    degradation: str = "bicubic",
) -> tuple[Patches, Cells]:
    """Return training patches and validation cells of a source of full-size pictures.

    Args:
        source: of the pictures.
        scale: factor between low and high resolution.
        patch: side of a patch in low-resolution pixels.
        seed: of the run.
        channels: 1 for luma, 3 for RGB.
        reduced: also cut patches from reduced copies of the pictures.
        contrast: change the contrast of half of the patches.
        degradation: how low-resolution pictures are made: by `bicubic` reduction, or as `photo`, for luma only.

    Raises:
        SourceError: the source has no such pictures, or they are too small.
    """
    is_photo = degradation == "photo"
    reduction = photographed if is_photo else degrade
    validation = Cells(source.pictures("validation"), scale, channels=channels, reduction=reduction)
    pictures = source.pictures("train")
    key = f"{source.fingerprint} {source.division}"
    pairs = cached_pairs(pictures, scale, key=key, channels=channels, reduced=reduced)
    return Patches(pairs, patch, seed, Photo(scale, seed) if is_photo else None, contrast=contrast), validation


def _turned(side: int, orientations: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return rows and columns of the pixels of a square in n orientations.

    Args:
        side: of the square.
        orientations: int64 [n] in 0..7; the bits flip rows, flip columns and transpose.

    Returns:
        int64 [n, side, side] each.
    """
    import tensorflow as tf

    forth = tf.range(side, dtype=tf.int64)
    both = tf.stack([forth, forth[::-1]])
    rows, columns = tf.gather(both, orientations & 1), tf.gather(both, orientations // 2 & 1)
    swapped = (orientations // 4 == 1)[:, None, None]
    down, across = rows[:, :, None], columns[:, None, :]
    return (
        tf.where(swapped, rows[:, None, :], down) + tf.zeros_like(across),
        tf.where(swapped, columns[:, :, None], across) + tf.zeros_like(down),
    )
