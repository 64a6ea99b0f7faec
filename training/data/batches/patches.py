"""Cut pairs of low- and high-resolution patches at random from pictures of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from training.data.batches.pictures import ArrayPictures, Pictures
from training.data.errors import SourceError
from training.data.random_streams import Stream, stream_key, uniforms
from zoo.imaging import cropped, degrade, luma

if TYPE_CHECKING:
    import tensorflow as tf

    from training.data.source import Source

_ORIENTATIONS = 8
REDUCED = (0.9, 0.8, 0.7, 0.6)
"""Sizes of the reduced copies of training pictures (Dong et al. 2016, arXiv:1608.00367, section 4.1)."""
CELL = 240
"""Largest side of the pieces that validation pictures are cut into, in high-resolution pixels."""


class Patches(Pictures):
    """Provide endless training pairs: the pair at a position is a function of the seed and the position alone.

    Each pair takes a random picture, a random place in it and one of the 8 ways to turn and mirror it. Whole pictures
    are reduced, so that the borders of a patch have no effect on it. All pictures lie in one array of pixels, and a
    batch is gathered from it by indices, which also turn and mirror it.

    Attributes:
        shape: shape of a high-resolution patch.
        count: number of patches that fit into the pictures side by side, the length of a nominal epoch.
    """

    endless = True

    def __init__(
        self,
        pictures: Iterable[np.ndarray],
        scale: int,
        patch: int,
        seed: int,
        *,
        channels: int = 1,
        reduced: bool = False,
    ) -> None:
        """Keep all pictures and their reductions in memory.

        Args:
            pictures: uint8 [h, w, 1 or 3], of any size.
            scale: factor between low and high resolution.
            patch: side of a patch in low-resolution pixels.
            seed: of the draws.
            channels: 1 takes the luma of the pictures; 3 makes grey ones RGB.
            reduced: also cut patches from copies of the pictures of the `REDUCED` sizes.

        Raises:
            SourceError: no picture is large enough for a patch.
        """
        import tensorflow as tf

        self._scale, self._patch = scale, patch
        self.shape = (scale * patch, scale * patch, channels)
        self._key = stream_key(seed, Stream.PATCHES)
        highs: list[np.ndarray] = []
        lows: list[np.ndarray] = []
        smallest = 0
        for picture in _with_copies(pictures, REDUCED if reduced else ()):
            smallest = max(smallest, min(picture.shape[:2]))
            if min(picture.shape[:2]) >= scale * patch:
                highs.append(cropped(_with_channels(picture, channels), scale))
                lows.append(degrade(highs[-1], scale))
        if not highs:
            raise SourceError(
                f"Patches of {scale * patch}x{scale * patch} are larger than every picture (the best has {smallest} "
                "pixels on its shorter side); give a smaller patch, or larger pictures."
            )
        sizes = np.array([low.shape[:2] for low in lows], np.int64)
        areas = np.prod(sizes, axis=1)
        # Index of each picture's first pixel among all low-resolution pixels; among those of high resolution, r*r times
        # as large.
        starts = np.concatenate([[0], np.cumsum(areas)])
        self.count = max(1, int(areas.sum()) // patch**2)
        with tf.device("CPU:0"):
            self._high = tf.constant(np.concatenate([high.reshape(-1, channels) for high in highs]))
            self._low = tf.constant(np.concatenate([low.reshape(-1, channels) for low in lows]))
            self._sizes = tf.constant(sizes)
            self._starts = tf.constant(starts[:-1])

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """Return only the high-resolution patches."""
        return self.examples(positions, labels=False)["image"]

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """Return `image` at high and `low` at low resolution, see `Pictures.examples`."""
        import tensorflow as tf

        draws = uniforms(self._key, positions, 4)
        pictures = len(self._sizes)
        # The product in float32 may round up to the number of pictures.
        chosen = tf.minimum(tf.cast(draws[:, 0] * float(pictures), tf.int64), pictures - 1)
        sizes = tf.gather(self._sizes, chosen)
        corners = tf.cast(draws[:, 1:3] * tf.cast(sizes - self._patch + 1, tf.float32), tf.int64)
        corners = tf.minimum(corners, sizes - self._patch)
        orientations = tf.cast(draws[:, 3] * _ORIENTATIONS, tf.int64)
        starts = tf.gather(self._starts, chosen)

        def cut(pixels: tf.Tensor, factor: int) -> tf.Tensor:
            side = factor * self._patch
            rows, columns = _turned(side, orientations)
            rows += factor * corners[:, 0, None, None]
            columns += factor * corners[:, 1, None, None]
            indices = factor**2 * starts[:, None, None] + rows * (factor * sizes[:, 1, None, None]) + columns
            return tf.gather(pixels, indices)

        return {"image": cut(self._high, self._scale), "low": cut(self._low, 1)}


class Cells(ArrayPictures):
    """Provide validation pairs of one size, cut side by side from pictures of any size."""

    def __init__(self, pictures: Iterable[np.ndarray], scale: int, *, channels: int = 1) -> None:
        """Cut pictures, uint8 [h, w, 1 or 3], into squares of `CELL` pixels a side, or of the smallest picture's side.

        Raises:
            SourceError: a picture is too small to be measured.
        """
        import tensorflow as tf

        from zoo.metrics.pictures import SSIM_WINDOW

        taken = [_with_channels(picture, channels) for picture in pictures]
        side = min(CELL, *(min(picture.shape[:2]) for picture in taken)) // scale * scale
        if side - 2 * scale < SSIM_WINDOW:
            raise SourceError(f"A validation picture has {side} pixels on its shorter side; give larger pictures.")
        cells = [
            picture[top : top + side, left : left + side]
            for picture in taken
            for top in range(0, picture.shape[0] - side + 1, side)
            for left in range(0, picture.shape[1] - side + 1, side)
        ]
        super().__init__(np.stack(cells))
        with tf.device("CPU:0"):
            self._low = tf.constant(np.stack([degrade(cell, scale) for cell in cells]))

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """Return `image` at high and `low` at low resolution, see `Pictures.examples`."""
        import tensorflow as tf

        return {"image": self.take(positions), "low": tf.gather(self._low, positions)}


def super_resolution_pairs(
    source: Source, scale: int, patch: int, seed: int, *, channels: int = 1, reduced: bool = False
) -> tuple[Patches, Cells]:
    """Return training patches and validation cells of a source of full-size pictures.

    Raises:
        SourceError: the source has no such pictures, or they are too small.
    """
    validation = Cells(source.pictures("validation"), scale, channels=channels)
    train = Patches(source.pictures("train"), scale, patch, seed, channels=channels, reduced=reduced)
    return train, validation


def _with_copies(pictures: Iterable[np.ndarray], sizes: Sequence[float]) -> Iterator[np.ndarray]:
    """Yield each picture, followed by its bicubic copies of the given relative sizes."""
    for picture in pictures:
        yield picture
        height, width = picture.shape[:2]
        for size in sizes:
            shape = (max(1, round(width * size)), max(1, round(height * size)))
            channels = [
                Image.fromarray(channel).resize(shape, Image.Resampling.BICUBIC)
                for channel in np.moveaxis(picture, -1, 0)
            ]
            yield np.stack(channels, axis=-1)


def _with_channels(picture: np.ndarray, channels: int) -> np.ndarray:
    """Return the luma of a picture for 1 channel, or its RGB values for 3."""
    if channels == 1:
        return luma(picture)
    return np.repeat(picture, 3, axis=-1) if picture.shape[-1] == 1 else picture


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
