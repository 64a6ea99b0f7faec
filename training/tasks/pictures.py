"""Pictures of a task: from 8 bits to floats, the first of a part, and grids to look at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.data import evaluation_batches

if TYPE_CHECKING:
    from training.data import Pictures, StreamedPictures


def to_float(pictures: tf.Tensor) -> tf.Tensor:
    """Return uint8 pictures as values in 0..1 of Keras's float type."""
    return tf.cast(pictures, keras.config.floatx()) / 255.0


def first_pictures(part: "Pictures | StreamedPictures", count: int) -> tf.Tensor:
    """Return the first `count` pictures of a part, or all it has, in 0..1 of Keras's float type."""
    batch = next(iter(evaluation_batches(part, batch_size=min(count, part.count))))
    return to_float(batch["image"])


def picture_rows(rows: Sequence[tf.Tensor], cell: int = 84) -> tf.Tensor:
    """Return one picture that shows several rows of pictures, with white lines between them.

    Args:
        rows: pictures `[n, height, width, channels]` in 0..1 for each row, all of one size.
        cell: the size in pixels that a picture is enlarged to, as near as a whole factor allows.

    Returns:
        `[height, width, channels]` in 0..1.
    """
    factor = max(1, cell // int(rows[0].shape[1]))
    lines = [
        tf.concat(tf.unstack(tf.pad(row, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=1.0)), 1) for row in rows
    ]
    picture = tf.concat(lines, 0)
    return tf.repeat(tf.repeat(picture, factor, 0), factor, 1)
