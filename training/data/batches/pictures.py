"""Fixed-size pictures of one split, by position."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import tensorflow as tf

Shape = tuple[int, int, int]


class Pictures(ABC):
    """The pictures of one split, all of one shape (height, width, channels).

    `count` is the number of pictures; an `endless` split has one for every position, and `count` is then
    the length of a nominal epoch. `classes` is 0 where the pictures carry no labels.
    """

    count: int
    shape: Shape
    classes: int = 0
    endless: bool = False

    @abstractmethod
    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """Pictures uint8 [n, h, w, c] at `positions`, int64 [n]; runs inside a tf.data graph."""

    def labels(self, positions: tf.Tensor) -> tf.Tensor:
        """Labels int64 [n] at `positions`, int64 [n]; only where `classes` is not 0."""
        raise NotImplementedError

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """What a batch holds at `positions`, int64 [n]: `image`, `label` if asked for, and what else belongs to it."""
        image = self.take(positions)
        return {"image": image, "label": self.labels(positions)} if labels else {"image": image}


class ArrayPictures(Pictures):
    """Pictures held in memory as one uint8 array [n, h, w, c]."""

    def __init__(self, images: np.ndarray, labels: np.ndarray | None = None, classes: int = 0) -> None:
        """Keep `images`, and `labels` in 0..classes-1 where there are any."""
        import tensorflow as tf

        self.count = len(images)
        self.shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        self.classes = classes if labels is not None else 0
        # The input pipeline runs on the host: a copy on an accelerator would travel back for every batch.
        with tf.device("CPU:0"):
            self._images = tf.constant(images, tf.uint8)
            self._labels = None if labels is None else tf.constant(labels, tf.int64)

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.take`."""
        import tensorflow as tf

        return tf.gather(self._images, positions)

    def labels(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.labels`."""
        import tensorflow as tf

        return tf.gather(self._labels, positions)


class ResizedPictures(Pictures):
    """Pictures of another split, resized to squares."""

    def __init__(self, pictures: Pictures, image_size: int) -> None:
        """Show `pictures` with `image_size` pixels a side."""
        self._pictures, self._size = pictures, image_size
        self.count, self.endless, self.classes = pictures.count, pictures.endless, pictures.classes
        self.shape = (image_size, image_size, pictures.shape[2])

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.take`."""
        from training.data.batches.fit import to_square

        return to_square(self._pictures.take(positions), self._size)

    def labels(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.labels`."""
        return self._pictures.labels(positions)


class JoinedPictures(Pictures):
    """The pictures of several splits one after the other; grey becomes colour where one of them is colour."""

    def __init__(self, parts: Sequence[Pictures], channels: int) -> None:
        """Join `parts`, which share one height and width, as pictures of 1 or 3 `channels`."""
        self._parts = list(parts)
        height, width, _ = parts[0].shape
        self.shape = (height, width, channels)
        self.count = sum(part.count for part in parts)

    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """See `Pictures.take`."""
        import tensorflow as tf

        offset, images = 0, tf.zeros((tf.size(positions), *self.shape), tf.uint8)
        for part in self._parts:
            own = (positions >= offset) & (positions < offset + part.count)
            taken = part.take(tf.boolean_mask(positions, own) - offset)
            if part.shape[2] < self.shape[2]:
                taken = tf.repeat(taken, self.shape[2], axis=3)
            images = tf.tensor_scatter_nd_update(images, tf.where(own), taken)
            offset += part.count
        return images
