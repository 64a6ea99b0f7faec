"""Measure the output of newly initialised up-sampling layers for a constant input, for docs/equivalence.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras.initializers import Constant, GlorotUniform

from zoo.arrays import Array
from zoo.upsampling import ICNR, SubpixelConv2D

SCALE = 2
CHANNELS = 16
DRAWS = 256
# The margin keeps the padding's zeros from reaching the pixels that are measured.
SIZE, MARGIN = 12, 8


@dataclass(frozen=True)
class Start:
    """Describe a layer at its initial weights.

    Attributes:
        layer: the layer's name, for the reader.
        weights: the initialiser's name, for the reader.
        make: makes the layer from a number of filters.
    """

    layer: str
    weights: str
    make: Callable[[int], keras.layers.Layer]

    def middle(self, filters: int) -> Array:
        """Return the layer's output for a constant 1, far from the border: whole r x r blocks, `[8, 8, filters]`."""
        x = np.ones((1, SIZE, SIZE, CHANNELS), "float32")
        y = np.asarray(self.make(filters)(x))[0]
        return y[MARGIN:-MARGIN, MARGIN:-MARGIN]

    def phases(self, filters: int) -> Array:
        """Return the layer's output for a constant 1 at each phase, `[r*r, filters]`."""
        return self.middle(filters)[:SCALE, :SCALE].reshape(SCALE**2, filters)


def _transpose(kernel_size: int, initializer: Any) -> Callable[[int], keras.layers.Layer]:
    return lambda filters: keras.layers.Conv2DTranspose(
        filters, kernel_size, strides=SCALE, padding="same", kernel_initializer=initializer
    )


def _subpixel(initializer: Any) -> Callable[[int], keras.layers.Layer]:
    return lambda filters: SubpixelConv2D(filters, 3, SCALE, kernel_initializer=initializer)


def _bilinear(shape: tuple[int, ...], dtype: Any = None) -> Array:
    taps = np.array([0.5, 1.0, 0.5])
    return np.broadcast_to(np.outer(taps, taps)[..., None, None] / CHANNELS, shape).astype(dtype)


EQUAL, GLOROT = Constant(1 / CHANNELS), GlorotUniform(seed=0)
STARTS = (
    Start("`Conv2DTranspose` 3x3/2", "equal taps", _transpose(3, EQUAL)),
    Start("`Conv2DTranspose` 3x3/2", "bilinear", _transpose(3, _bilinear)),
    Start("`Conv2DTranspose` 4x4/2", "equal taps", _transpose(4, EQUAL)),
    Start("`Conv2DTranspose` 3x3/2", "Glorot", _transpose(3, GLOROT)),
    Start("`Conv2DTranspose` 4x4/2", "Glorot", _transpose(4, GLOROT)),
    Start("`Conv2DTranspose` 6x6/2", "Glorot", _transpose(6, GLOROT)),
    Start("`SubpixelConv2D` 3x3", "Glorot", _subpixel(GLOROT)),
    Start("`SubpixelConv2D` 3x3", "ICNR", _subpixel(ICNR(GLOROT, SCALE))),
)


def imbalance(phases: Array) -> float:
    """Return the share of the response that differs between phases.

    It is the root mean square of the deviation from the phases' mean over that of the phases, pooled over filters: 0 if
    a constant stays constant, 1 if it becomes a pattern of mean 0.

    Args:
        phases: `[r*r, filters]`.
    """
    return float(np.sqrt(np.mean((phases - phases.mean(0)) ** 2) / np.mean(phases**2)))


def table() -> str:
    """Return the layers' responses as a table in Markdown."""
    lines = [
        "| layer | first weights | a constant 1 becomes, phase by phase | imbalance |",
        "|---|---|---|---:|",
    ]
    for start in STARTS:
        phases = start.phases(DRAWS)
        pattern = ", ".join(f"{value:.2f}" for value in phases[:, 0])
        lines.append(f"| {start.layer} | {start.weights} | {pattern} | {imbalance(phases):.2f} |")
    return "\n".join(lines) + "\n"
