"""Train an autoencoder to reconstruct its input."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.tasks.losses import binary_crossentropy, global_mean, log_mean_squared_error, mean_squared_error
from training.tasks.pictures import picture_rows, to_float
from training.tasks.quality import check_pictures, measure_quality
from training.tasks.task import Batch, Scalars, Task

if TYPE_CHECKING:
    from training.data import Source

LOSSES = {loss.__name__: loss for loss in (binary_crossentropy, mean_squared_error, log_mean_squared_error)}


class Reconstruction(Task):
    """Train one network against its own input."""

    losses = tuple(LOSSES)

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` where a model does not take the source's pictures, or they are too small to measure."""
        check_pictures(model, source)

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch."""

        def loss(image: tf.Tensor) -> tf.Tensor:
            output = tf.cast(self.model(image, training=True), image.dtype)
            return global_mean(LOSSES[self.recipe.loss](image, output), self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, to_float(batch["image"]))}

    def evaluate(self, batch: Batch) -> Scalars:
        """Return PSNR, SSIM, squared error and checkerboard of each picture."""
        image = to_float(batch["image"])
        output = tf.cast(self.published(image, training=False), image.dtype)
        return {f"eval/{name}": value for name, value in measure_quality(image, output, self.period).items()}

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return rows of inputs, outputs and their differences, which are grey where both are equal."""
        image = to_float(batch["image"])
        output = tf.cast(self.published(image, training=False), image.dtype)
        return picture_rows([image, output, tf.clip_by_value(0.5 + output - image, 0.0, 1.0)])
