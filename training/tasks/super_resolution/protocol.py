"""Measure an enlargement as the super-resolution literature does, picture by picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Source
from training.errors import InputError
from training.tasks.super_resolution.degradation import BICUBIC, Degradation
from zoo.imaging import cropped, luma
from zoo.metrics import super_resolution_metrics
from zoo.upscaling.enlarger import Enlargement, bicubic, bicubic_scale

PROTOCOL = (
    "mean over pictures of 8 bits; {degradation}, luma of BT.601, a border of {scale} pixels left out; psnr_rgb of all "
    "three channels"
)


@dataclass(frozen=True)
class Candidate:
    """Hold functions that enlarge 8-bit pictures, and measure them.

    Attributes:
        scale: its factor.
        enlarge_rgb: enlarges `[h, w, 3]`.
        enlarge_luma: enlarges `[h, w, 1]`; None for a network that takes RGB only.
    """

    scale: int
    enlarge_rgb: Enlargement
    enlarge_luma: Enlargement | None

    def metrics(self, picture: np.ndarray, degradation: Degradation = BICUBIC) -> dict[str, float]:
        """Return the metrics for one original.

        Args:
            picture: the original, uint8 `[h, w, 1 or 3]`.
            degradation: how the picture to enlarge is made of it.

        Raises:
            ValueError: the picture is too small.
        """

        def enlarged(enlarge: Enlargement, original: np.ndarray) -> dict[str, float]:
            large = enlarge(degradation.applied(original, self.scale))
            return super_resolution_metrics(original, large, self.scale)

        target = cropped(picture, self.scale)
        if self.enlarge_luma is None:
            target = np.repeat(target, 3, -1) if target.shape[-1] == 1 else target
            return enlarged(self.enlarge_rgb, target)
        # Downscale the luma, rather than taking the luma of the downscaled picture, as the papers compared with do.
        values = enlarged(self.enlarge_luma, luma(target))
        if target.shape[-1] == 3:
            values["psnr_rgb"] = enlarged(self.enlarge_rgb, target)["psnr_rgb"]
        return values


def bicubic_candidate(name: str) -> Candidate | None:
    """Return the bicubic enlargement called `bicubic_x2`, `bicubic_x3`, ...; None for another name."""
    scale = bicubic_scale(name)
    if not scale:
        return None
    enlarge = bicubic(scale).run
    return Candidate(scale, enlarge, enlarge)


def exported_candidate(saved_model: Path, scale: int) -> Candidate:
    """Return the enlargement that a SavedModel computes."""
    model = tf.saved_model.load(str(saved_model))

    def enlarge_luma(picture: np.ndarray) -> np.ndarray:
        large = model.serve_luma(tf.constant(picture[None], tf.float32) / 255.0)["image"][0]
        return tf.cast(tf.round(large * 255.0), tf.uint8).numpy()

    def enlarge_rgb(picture: np.ndarray) -> np.ndarray:
        return model.serve_uint8(tf.constant(picture[None]))["image"][0].numpy()

    return Candidate(scale, enlarge_rgb, enlarge_luma if hasattr(model, "serve_luma") else None)


def measure(
    candidate: Candidate, source: Source, split: str, degradation: Degradation = BICUBIC
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the name and the metrics of every picture of a part.

    Args:
        candidate: to measure.
        source: of the originals.
        split: the part of the source.
        degradation: how pictures to enlarge are made; by default by a bicubic reduction alone.

    Raises:
        InputError: a picture is too small; the message names it.
    """
    for name, picture in zip(source.names(split), source.pictures(split), strict=False):
        try:
            yield name, candidate.metrics(picture, degradation)
        except ValueError as error:
            raise InputError(f"{name} of {source.name}: {error}") from error
