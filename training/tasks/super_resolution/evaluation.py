"""Measure an enlargement as the super-resolution literature does, picture by picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Source
from training.errors import InputError
from zoo.imaging import cropped, degrade, luma
from zoo.metrics import super_resolution_metrics
from zoo.upscaling import enlarger
from zoo.upscaling.enlarger import Enlargement

PROTOCOL = (
    "mean over pictures of 8 bits; bicubic reduction with antialiasing, luma of BT.601, a border of {scale} pixels "
    "left out; psnr_rgb of all three channels"
)


@dataclass(frozen=True)
class Measured:
    """What enlarges 8-bit pictures, to be measured.

    Attributes:
        scale: its factor.
        of_rgb: for `[h, w, 3]`.
        of_luma: for `[h, w, 1]`; None for a network that takes RGB only.
    """

    scale: int
    of_rgb: Enlargement
    of_luma: Enlargement | None

    def metrics(self, picture: np.ndarray) -> dict[str, float]:
        """The metrics of one original, uint8 `[h, w, 1 or 3]`.

        Raises:
            ValueError: the picture is too small.
        """
        target = cropped(picture, self.scale)
        if self.of_luma is None:
            target = np.repeat(target, 3, -1) if target.shape[-1] == 1 else target
            return super_resolution_metrics(target, self.of_rgb(degrade(target, self.scale)), self.scale)
        # Luma is reduced, not taken from the reduced picture: so do those whose figures these stand beside.
        bright = luma(target)
        values = super_resolution_metrics(bright, self.of_luma(degrade(bright, self.scale)), self.scale)
        if target.shape[-1] == 3:
            colours = super_resolution_metrics(target, self.of_rgb(degrade(target, self.scale)), self.scale)
            values["psnr_rgb"] = colours["psnr_rgb"]
        return values


def bicubic(name: str) -> Measured | None:
    """The enlarger of `bicubic_x2`, `bicubic_x3`, ...; None for another name."""
    scale = enlarger.bicubic_scale(name)
    if not scale:
        return None
    enlarged = enlarger.bicubic(scale).run
    return Measured(scale, enlarged, enlarged)


def exported(saved_model: Path, scale: int) -> Measured:
    """The enlarger of a SavedModel."""
    model = tf.saved_model.load(str(saved_model))

    def of_luma(picture: np.ndarray) -> np.ndarray:
        luma = model.serve_luma(tf.constant(picture[None], tf.float32) / 255.0)["image"][0]
        return tf.cast(tf.round(luma * 255.0), tf.uint8).numpy()

    def of_rgb(picture: np.ndarray) -> np.ndarray:
        return model.serve_uint8(tf.constant(picture[None]))["image"][0].numpy()

    return Measured(scale, of_rgb, of_luma if hasattr(model, "serve_luma") else None)


def measured(of: Measured, source: Source, split: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and metrics of every picture of a part.

    Raises:
        InputError: a picture is too small; names it.
    """
    for name, picture in zip(source.names(split), source.pictures(split), strict=False):
        try:
            yield name, of.metrics(picture)
        except ValueError as error:
            raise InputError(f"{name} of {source.name}: {error}") from error
