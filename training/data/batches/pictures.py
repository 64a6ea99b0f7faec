"""Provide the fixed-size pictures of one split by position."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tensorflow as tf

Shape = tuple[int, int, int]
_TAKEN_TOGETHER = 4096


class Pictures(ABC):
    """Provide the pictures of one split, all of one shape.

    Attributes:
        count: number of pictures, or for an endless split the length of a nominal epoch.
        shape: (height, width, channels).
        classes: number of different labels; 0 for pictures without labels.
        endless: whether there is a different picture at every position.
        compiles: whether XLA can compile `examples`.
    """

    count: int
    shape: Shape
    classes: int = 0
    endless: bool = False
    compiles: bool = False

    @property
    def device_bytes(self) -> int:
        """Return how many bytes `on_device` takes."""
        return 0 if self.endless else self.count * (math.prod(self.shape) + (8 if self.classes else 0))

    def on_device(self, device: str) -> Pictures:
        """Return the same pictures with their pixels on a device, such as `GPU:0`.

        Pictures that are drawn at every position stay what they are.
        """
        import tensorflow as tf

        if self.endless:
            return self
        parts = tf.split(tf.range(self.count, dtype=tf.int64), _part_sizes(self.count))
        images = np.concatenate([self.take(part).numpy() for part in parts])
        labels = np.concatenate([self.labels(part).numpy() for part in parts]) if self.classes else None
        return ArrayPictures(images, labels, self.classes, device)

    @abstractmethod
    def take(self, positions: tf.Tensor) -> tf.Tensor:
        """Return pictures uint8 [n, h, w, c] at `positions`, int64 [n]; runs inside a tf.data graph."""

    def labels(self, positions: tf.Tensor) -> tf.Tensor:
        """Return labels int64 [n] at `positions`, int64 [n]; only if `classes` is not 0."""
        raise NotImplementedError

    def examples(self, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
        """Return what a batch holds at `positions`, int64 [n].

        Keys are `image`, `label` if `labels` is set, and those that a subclass adds.
        """
        image = self.take(positions)
        return {"image": image, "label": self.labels(positions)} if labels else {"image": image}


class ArrayPictures(Pictures):
    """Hold pictures in memory as one uint8 array [n, h, w, c]."""

    compiles = True

    def __init__(
        self, images: np.ndarray, labels: np.ndarray | None = None, classes: int = 0, device: str = "CPU:0"
    ) -> None:
        """Keep `images`, and `labels` in 0..classes-1 if there are any, on a device."""
        import tensorflow as tf

        self.count = len(images)
        self.shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        self.classes = classes if labels is not None else 0
        # The input pipeline runs on the host: pictures on an accelerator would be copied back for every batch.
        with tf.device(device):
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
    """Resize the pictures of another split to squares."""

    def __init__(self, pictures: Pictures, image_size: int) -> None:
        """Resize `pictures` to `image_size` pixels a side."""
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
    """Chain the pictures of several splits; grey ones become colour if a split is colour."""

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
            in_part = (positions >= offset) & (positions < offset + part.count)
            taken = part.take(tf.boolean_mask(positions, in_part) - offset)
            if part.shape[2] < self.shape[2]:
                taken = tf.repeat(taken, self.shape[2], axis=3)
            images = tf.tensor_scatter_nd_update(images, tf.where(in_part), taken)
            offset += part.count
        return images


def _part_sizes(count: int) -> list[int]:
    """Return the sizes of parts of `count` pictures, each small enough to be taken at once."""
    whole, rest = divmod(count, _TAKEN_TOGETHER)
    return [_TAKEN_TOGETHER] * whole + [rest] * (rest > 0)
