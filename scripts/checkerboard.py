"""What fresh up-sampling layers make of a constant input: the numbers of docs/equivalence.md on the checkerboard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras.initializers import Constant, GlorotUniform

from zoo.upsampling import ICNR, SubpixelConv2D

Grid = np.ndarray[Any, np.dtype[Any]]

SCALE = 2
CHANNELS = 16
DRAWS = 256
# Far enough from the border that the padding's zeros do not reach the middle pixels.
SIZE, MARGIN = 12, 8


@dataclass(frozen=True)
class Start:
    """A layer at its first weights.

    Attributes:
        layer: which layer, for a reader.
        weights: how it starts, for a reader.
        make: from a number of filters to the layer.
    """

    layer: str
    weights: str
    make: Callable[[int], keras.layers.Layer]

    def middle(self, filters: int) -> Grid:
        """The layer's output on a constant 1, `[8, 8, filters]`, whole r x r blocks far from the border."""
        x = np.ones((1, SIZE, SIZE, CHANNELS), "float32")
        y = np.asarray(self.make(filters)(x))[0]
        return y[MARGIN:-MARGIN, MARGIN:-MARGIN]

    def phases(self, filters: int) -> Grid:
        """What it makes of a constant 1 at each phase, `[r*r, filters]`."""
        return self.middle(filters)[:SCALE, :SCALE].reshape(SCALE**2, filters)


def _transpose(kernel_size: int, initializer: Any) -> Callable[[int], keras.layers.Layer]:
    return lambda filters: keras.layers.Conv2DTranspose(
        filters, kernel_size, strides=SCALE, padding="same", kernel_initializer=initializer
    )


def _subpixel(initializer: Any) -> Callable[[int], keras.layers.Layer]:
    return lambda filters: SubpixelConv2D(filters, 3, SCALE, kernel_initializer=initializer)


def _bilinear(shape: tuple[int, ...], dtype: Any = None) -> Grid:
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


def imbalance(phases: Grid) -> float:
    """Share of the response that differs between phases: deviation from the phases' mean over the root mean square.

    0 where a constant stays constant, 1 where it becomes a pattern of mean 0; pooled over filters, `[r*r, filters]`.
    """
    return float(np.sqrt(np.mean((phases - phases.mean(0)) ** 2) / np.mean(phases**2)))


def table() -> str:
    """The layers' responses as a table of the page."""
    lines = [
        "| layer | first weights | a constant 1 becomes, phase by phase | imbalance |",
        "|---|---|---|---:|",
    ]
    for start in STARTS:
        phases = start.phases(DRAWS)
        pattern = ", ".join(f"{value:.2f}" for value in phases[:, 0])
        lines.append(f"| {start.layer} | {start.weights} | {pattern} | {imbalance(phases):.2f} |")
    return "\n".join(lines) + "\n"
