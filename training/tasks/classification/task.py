"""Train a network that returns the logits of classes."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.errors import InputError
from training.tasks.losses import global_mean
from training.tasks.pictures import picture_rows, to_float
from training.tasks.task import Batch, Scalars, Task

if TYPE_CHECKING:
    from training.data import Source

_RIGHT, _WRONG = (0.0, 0.7, 0.0), (1.0, 0.0, 0.0)
_FRAME = 2
_ROW = 10


def cross_entropy(label: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the negative logarithm of the probability of each picture's label, `[batch]`, in nats.

    Args:
        label: int64 `[batch]`.
        logits: `[batch, classes]`.
    """
    return keras.losses.sparse_categorical_crossentropy(label, logits, from_logits=True)


def accuracy(label: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Return 1 for each picture whose label has the largest score and 0 for the others, in the scores' type."""
    return tf.cast(tf.equal(tf.argmax(scores, -1), label), scores.dtype)


LOSSES = {"cross_entropy": cross_entropy}


class Classification(Task):
    """Train one network by cross-entropy against the labels."""

    losses = tuple(LOSSES)
    score = "eval/accuracy"
    labels = True
    shown = 100
    progress_words = (("train/loss", "loss"), ("eval/accuracy", "validation accuracy"))

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` where a source has no labels, other classes, or pictures of another size."""
        if not source.classes:
            raise InputError(
                f"{model.name} learns from labels and {source.name} has none; take a source that does, such as mnist, "
                "cifar10 or glyphs"
            )
        shape, classes = tuple(model.input_shape[1:]), int(model.output_shape[-1])
        if (shape, classes) != (tuple(source.image_shape), source.classes):
            raise InputError(
                f"{model.name} distinguishes {classes} classes of pictures of {'x'.join(map(str, shape))}, "
                f"{source.name} has {source.classes} of {'x'.join(map(str, source.image_shape))}; leave model.classes "
                "and model.image_shape to the source"
            )

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch."""

        def loss(image: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
            logits = tf.cast(self.model(image, training=True), image.dtype)
            return global_mean(LOSSES[self.recipe.loss](label, logits), self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, to_float(batch["image"]), batch["label"])}

    def evaluate(self, batch: Batch) -> Scalars:
        """Return accuracy and cross-entropy of each picture."""
        logits = self._logits(to_float(batch["image"]))
        return {
            "eval/accuracy": accuracy(batch["label"], logits),
            "eval/loss": cross_entropy(batch["label"], logits),
        }

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return rows of ten pictures in frames: green where the prediction is right, red where it is wrong."""
        image = to_float(batch["image"])
        right = tf.cast(accuracy(batch["label"], self._logits(image)), tf.bool)
        if image.shape[-1] == 1:
            image = tf.repeat(image, 3, -1)
        colour = tf.where(right[:, None], tf.constant(_RIGHT, image.dtype), tf.constant(_WRONG, image.dtype))
        edge = ((0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0))
        inside = tf.pad(tf.ones_like(image), edge)
        framed = tf.pad(image, edge) + (1.0 - inside) * colour[:, None, None, :]
        columns = min(_ROW, int(framed.shape[0]))
        whole = int(framed.shape[0]) // columns * columns
        return picture_rows(tf.split(framed[:whole], whole // columns))

    def _logits(self, image: tf.Tensor) -> tf.Tensor:
        return tf.cast(self.published(image, training=False), image.dtype)
