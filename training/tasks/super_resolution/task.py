"""Train a network to undo the reduction of pictures, and what else a degradation did to them."""

import functools
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.data.batches.patches import super_resolution_pairs
from training.errors import InputError
from training.tasks.losses import charbonnier, global_mean, mean_absolute_error, mean_squared_error
from training.tasks.pictures import picture_rows, to_float
from training.tasks.task import Batch, Scalars, Task
from zoo import metrics
from zoo.imaging import enlarge, with_mirrored_edges
from zoo.network import field_of

if TYPE_CHECKING:
    from training.data import Pictures, Source
    from training.recipes import Recipe

_SHOWN, _SHOWN_SIZE = 6, 120


LOSSES = {loss.__name__: loss for loss in (mean_absolute_error, charbonnier, mean_squared_error)}


class SuperResolution(Task):
    """Train one network by a loss between its output and the high-resolution patch."""

    losses = tuple(LOSSES)

    @classmethod
    def data(
        cls, source: "Source", recipe: "Recipe", model: keras.Model, period: int, seed: int
    ) -> "tuple[Pictures, Pictures]":
        """Return random patches of the training pictures, and cells of the validation pictures."""
        channels = int(model.input_shape[-1])
        options = recipe.super_resolution
        if recipe.flip or recipe.shift:
            raise InputError("flip and shift are not for super-resolution: its patches are turned anyway")
        if options.patch <= 2 * options.margin:
            raise InputError(f"margin={options.margin} leaves nothing of patch={options.patch}; it must be below half")
        if options.degradation == "photo" and channels != 1:
            raise InputError(f"degradation=photo is for networks on luma; {model.name} takes {channels} channels")
        return super_resolution_pairs(
            source,
            period,
            options.patch,
            seed,
            channels=channels,
            reduced=options.reduced,
            contrast=options.contrast,
            degradation=options.degradation,
        )

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` for a network that takes pictures of one size only."""
        if model.input_shape[1:3] != (None, None):
            raise InputError(f"{model.name} takes pictures of {model.input_shape[1:3]}; it must take any size")

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch."""

        def loss(low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
            output = tf.cast(self.model(low, training=True), high.dtype)
            if edge := self.period * self.recipe.super_resolution.margin:
                high, output = high[:, edge:-edge, edge:-edge], output[:, edge:-edge, edge:-edge]
            return global_mean(LOSSES[self.recipe.loss](high, output), self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, to_float(batch["low"]), to_float(batch["image"]))}

    def evaluate(self, batch: Batch) -> Scalars:
        """Return PSNR, SSIM and checkerboard of each cell in 8 bits, without a border of `period` pixels."""
        border = self.period
        high, output = (
            picture[:, border:-border, border:-border] for picture in (to_float(batch["image"]), self._enlarged(batch))
        )
        return {
            "eval/psnr": metrics.psnr(high, output),
            "eval/ssim": metrics.ssim(high, output),
            "eval/checkerboard": metrics.excess_spectral_energy(high, output, self.period),
        }

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return rows of bicubic enlargements, outputs and originals."""
        high = to_float(batch["image"])
        bicubic = tf.cast(enlarge(to_float(batch["low"]), self.period), high.dtype)
        rows = [bicubic, self._enlarged(batch), high]
        size = min(_SHOWN_SIZE, int(high.shape[1]))
        top = (int(high.shape[1]) - size) // 2
        return picture_rows(
            [tf.clip_by_value(row[:_SHOWN, top : top + size, top : top + size], 0.0, 1.0) for row in rows]
        )

    @functools.cached_property
    def _halo(self) -> int:
        """Return how many low-resolution pixels around a picture the network looks at."""
        with tf.init_scope():
            return field_of(self.published).halo or 0

    def _enlarged(self, batch: Batch) -> tf.Tensor:
        """Return the network's output rounded to 8 bits, in 0..1, which sees what it sees in use beyond the edges."""
        low = to_float(batch["low"])
        network = functools.partial(self.published, training=False)
        output = with_mirrored_edges(network, low, self._halo, self.period)
        return tf.round(tf.clip_by_value(output, 0.0, 1.0) * 255.0) / 255.0
