"""Draw matrices of numbers: coloured cells, grids, outlines and signs between them."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

mpl.use("Agg")

from matplotlib import pyplot as plt

Place = tuple[float, float]
"""Row and column, in cells."""

# One colour per phase: the rows of phase 0 are cool, those of phase 1 warm.
PHASES = (("#9ecae1", "#a8ddb5"), ("#fdd0a2", "#f4b6c2"))
LINES = PHASES[0][0], PHASES[1][0]
PLAIN, ZERO, EDGE, FADED = "#ffffff", "#ececec", "#555555", "#b0b0b0"


def canvas(axis: Axes, width: float, height: float) -> None:
    """Give an axis the unit of a cell, with row 0 on top."""
    axis.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.1), aspect="equal")
    axis.set_axis_off()


def cell(axis: Axes, place: Place, text: str, colour: str, size: float = 8, ink: str = "black") -> None:
    """Draw a coloured square with a number in it; `place` is its upper left corner."""
    row, column = place
    axis.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor=EDGE, linewidth=0.5))
    axis.text(column + 0.5, row + 0.54, text, ha="center", va="center", fontsize=size, color=ink)


def frame(axis: Axes, place: Place, height: float, width: float) -> None:
    """Draw a thick outline around cells."""
    row, column = place
    axis.add_patch(Rectangle((column, row), width, height, fill=False, linewidth=2, zorder=3))


def grid(axis: Axes, place: Place, values: np.ndarray, colours: np.ndarray, title: str = "") -> None:
    """Draw a matrix of numbers, each cell in its colour, with a title above."""
    row, column = place
    for (i, j), value in np.ndenumerate(values):
        colour = str(colours[i, j])
        cell(axis, (row + i, column + j), str(value), colour, ink=FADED if colour == ZERO else "black")
    axis.text(column + values.shape[1] / 2, row - 0.35, title, ha="center", va="bottom", fontsize=9)


def blocks(axis: Axes, place: Place, values: np.ndarray, title: str) -> None:
    """Draw one grid per phase, `[r, r, n, m]`, with gaps between them."""
    size = values.shape[-1]
    for a, b in np.ndindex(values.shape[:2]):
        corner = place[0] + a * (size + 0.6), place[1] + b * (size + 0.6)
        grid(axis, corner, values[a, b], np.full((size, size), PHASES[a][b]))
    axis.text(place[1] + size + 0.3, place[0] - 0.35, title, ha="center", va="bottom", fontsize=9)


def sign(axis: Axes, place: Place, text: str) -> None:
    """Draw a sign between two grids."""
    axis.text(place[1], place[0], text, ha="center", va="center", fontsize=16)


def by_phase(height: int, width: int) -> np.ndarray:
    """Return the colours of interleaved phases, `[height, width]`."""
    return np.tile(PHASES, (height // 2, width // 2))


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG whose bytes depend on the picture alone, and close it."""
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)
