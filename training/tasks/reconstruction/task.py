"""Reconstruction: an autoencoder gives back the picture that it was given."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.errors import InputError
from training.tasks.task import Batch, Scalars, Task, global_mean, grid, to_float
from zoo import metrics

if TYPE_CHECKING:
    from training.data import Source

SSIM_WINDOW = 11


def binary_crossentropy(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Bernoulli negative log-likelihood of each picture, mean over its values, in nats."""
    return tf.reduce_mean(keras.losses.binary_crossentropy(target, output), axis=(1, 2))


def mean_squared_error(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Mean squared error of each picture."""
    return tf.reduce_mean(tf.square(target - output), axis=(1, 2, 3))


def log_mean_squared_error(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Logarithm of each picture's mean squared error: PSNR itself, up to a factor and a constant."""
    return tf.math.log(mean_squared_error(target, output) + 1e-6)


LOSSES = {loss.__name__: loss for loss in (binary_crossentropy, mean_squared_error, log_mean_squared_error)}


def measures(target: tf.Tensor, output: tf.Tensor, period: int) -> Scalars:
    """Metrics of each picture, `[batch]` by name.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape.
        period: total factor of the network's up-samplers, the period of their checkerboard.
    """
    return {
        "psnr": metrics.psnr(target, output),
        "ssim": metrics.ssim(target, output),
        "mse": metrics.mse(target, output),
        "checkerboard": metrics.excess_spectral_energy(target, output, period),
    }


class Reconstruction(Task):
    """One network, one loss against its own input."""

    losses = tuple(LOSSES)

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise InputError where a model does not take the source's pictures, or they are too small to be measured."""
        shape = tuple(model.input_shape[1:])
        if shape != tuple(source.image_shape):
            raise InputError(
                f"{model.name} takes pictures of {'x'.join(map(str, shape))}, {source.name} has "
                f"{'x'.join(map(str, source.image_shape))}; leave model.image_shape to the source, or set image_size"
            )
        if min(shape[:2]) < SSIM_WINDOW:
            raise InputError(
                f"pictures of {shape[0]}x{shape[1]} are too small: SSIM looks at {SSIM_WINDOW}x{SSIM_WINDOW}; "
                f"set image_size={-(-SSIM_WINDOW // 4) * 4} or more"
            )

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch."""

        def loss(image: tf.Tensor) -> tf.Tensor:
            output = tf.cast(self.model(image, training=True), image.dtype)
            return global_mean(LOSSES[self.recipe.loss](image, output), self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, to_float(batch["image"]))}

    def evaluate(self, batch: Batch) -> Scalars:
        """PSNR, SSIM, squared error and checkerboard of each picture."""
        image = to_float(batch["image"])
        output = tf.cast(self.published(image, training=False), image.dtype)
        return {f"eval/{name}": value for name, value in measures(image, output, self.period).items()}

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Input, output and their difference (grey where equal), a row each."""
        image = to_float(batch["image"])
        output = tf.cast(self.published(image, training=False), image.dtype)
        return grid([image, output, tf.clip_by_value(0.5 + output - image, 0.0, 1.0)])
