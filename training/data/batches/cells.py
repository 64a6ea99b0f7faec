"""Cut validation pictures of any size into pairs of one size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from training.data.batches.pairs import with_channels
from training.data.batches.pictures import ArrayPictures
from training.data.degradations.photo import Photo
from training.data.errors import SourceError
from zoo.imaging import degrade

if TYPE_CHECKING:
    import tensorflow as tf

CELL = 240
"""Largest side of the pieces that validation pictures are cut into, in high-resolution pixels."""
CELLS = 128
"""Most pieces of all validation pictures: of more, every n-th is taken."""

Reduction = Callable[[np.ndarray, int], np.ndarray]
"""From pictures uint8 [n, h, w, c] and a scale to low-resolution ones."""


class Cells(ArrayPictures):
    """Provide validation pairs of one size, cut side by side from pictures of any size."""

    def __init__(
        self, pictures: Iterable[np.ndarray], scale: int, *, channels: int = 1, reduction: Reduction = degrade
    ) -> None:
        """Cut pictures, uint8 [h, w, 1 or 3], into squares of `CELL` pixels a side, or of the smallest picture's side.

        At most `CELLS` of them are kept, evenly over all pictures, and `reduction` makes the low-resolution ones.

        Raises:
            SourceError: a picture is too small to be measured.
        """
        import tensorflow as tf

        from zoo.metrics.pictures import SSIM_WINDOW

        taken = [with_channels(picture, channels) for picture in pictures]
        side = min(CELL, *(min(picture.shape[:2]) for picture in taken)) // scale * scale
        if side - 2 * scale < SSIM_WINDOW:
            raise SourceError(f"A validation picture has {side} pixels on its shorter side; give larger pictures.")
        cells = [
            picture[top : top + side, left : left + side]
            for picture in taken
            for top in range(0, picture.shape[0] - side + 1, side)
            for left in range(0, picture.shape[1] - side + 1, side)
        ]
        cells = cells[:: math.ceil(len(cells) / CELLS)]
        super().__init__(np.stack(cells))
        with tf.device("CPU:0"):
            self._low = tf.constant(reduction(np.stack(cells), scale))

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """Return `image` at high and `low` at low resolution, see `Pictures.examples`."""
        import tensorflow as tf

        return {"image": self.take(positions), "low": tf.gather(self._low, positions)}


def photographed(pictures: np.ndarray, scale: int) -> np.ndarray:
    """Return validation pictures, luma uint8 [n, h, w, 1], under the degradation `photo`, the same in every run."""
    import tensorflow as tf

    photo = Photo(scale, None)
    edge = scale * photo.margin
    windows = np.pad(pictures, [(0, 0), (edge, edge), (edge, edge), (0, 0)], "edge")
    one = tf.function(lambda window, position: photo(window[None], position[None])[0], autograph=False)
    return np.stack([one(window, np.int64(position)).numpy() for position, window in enumerate(windows)])
