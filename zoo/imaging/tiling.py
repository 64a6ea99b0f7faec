"""Cutting a picture into tiles, each seen with enough around it that no seam can be.

A tile is enlarged from a window: the tile and a halo of all that its pixels depend on, less where the picture ends.
A window that touches the picture's edge ends there, so that a network pads it as it pads the whole.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.arrays import Array

# On AVX-512, oneDNN's convolutions larger than 3x3 go along the width in blocks of 30 pixels. A last block of one pixel
# (up to two for 7x7, three for 9x9) does not suit them: another kernel runs, whose sums are rounded differently, and
# depend on the height too. Every other width and height gives the same bits.
_BLOCK = 30
_AWKWARD = (1, 2, 3)
# A multiple of that and of other processors' blocks.
_WIDTHS = 120


@dataclass(frozen=True)
class Span:
    """A tile along one axis.

    Attributes:
        start: its first pixel.
        stop: the pixel after its last.
        window: the first pixel of the window that it is enlarged from.
    """

    start: int
    stop: int
    window: int


def window_size(height: int, width: int, halo: int, pixels: int, side: int | None = None) -> tuple[int, int]:
    """Height and width of the windows in which a picture is enlarged, so that no choice of tiles changes a bit of it.

    Args:
        height: of the picture.
        width: of the picture.
        halo: pixels on either side that a pixel depends on.
        pixels: that a window may have, about; a picture of an awkward width is not cut where it has no more.
        side: of the tiles, at least; None for as many as `pixels` allow.

    Raises:
        ValueError: `side` is less than 1.
    """
    if side is not None and side < 1:
        raise ValueError(f"tile={side} must be at least 1")
    fits = height * width <= pixels
    awkward = width > _BLOCK and width % _BLOCK in _AWKWARD
    if fits and (awkward or side is None):
        return height, width
    shortest = 2 * halo + 1
    wanted = math.isqrt(pixels) if side is None else side + 2 * halo
    across = min(width, max(wanted, shortest))
    across = -(-across // _WIDTHS) * _WIDTHS
    if across >= width:
        across = width - width % _BLOCK if awkward and width - width % _BLOCK >= shortest else width
    down = pixels // across if side is None else wanted
    return min(height, max(down, shortest)), across


def spans(size: int, window: int, halo: int) -> list[Span]:
    """The tiles along one axis.

    Args:
        size: of the picture.
        window: of every window: `size`, or less and more than two halos.
        halo: pixels on either side that a pixel depends on.
    """
    if window == size:
        return [Span(0, size, 0)]
    step = window - 2 * halo
    return [
        Span(start, min(start + step, size), min(max(start - halo, 0), size - window)) for start in range(0, size, step)
    ]


def enlarge_in_tiles(
    picture: "Array",
    run: "Callable[[Array], Array]",
    scale: int,
    window: tuple[int, int],
    halo: int,
    large: "Array",
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Enlarge a picture tile by tile into an array.

    Args:
        picture: `[h, w, c]`.
        run: enlarges a window `[h', w', c]` to `[scale * h', scale * w', c]`.
        scale: its factor.
        window: as `window_size` gives it.
        halo: pixels of `picture` around its own that a pixel of the enlargement depends on.
        large: `[scale * h, scale * w, c]`, filled.
        advance: told the pixels of `picture` that each tile has done.

    Raises:
        ValueError: `run` does not enlarge by `scale`.
    """
    height, width = window
    rows, columns = spans(picture.shape[0], height, halo), spans(picture.shape[1], width, halo)
    for row, column in itertools.product(rows, columns):
        enlarged = run(picture[row.window : row.window + height, column.window : column.window + width])
        if enlarged.shape[:2] != (height * scale, width * scale):
            raise ValueError(
                f"{height}x{width} pixels became {enlarged.shape[0]}x{enlarged.shape[1]}; "
                f"a model of scale {scale} must make {height * scale}x{width * scale}"
            )
        top, left = (row.start - row.window) * scale, (column.start - column.window) * scale
        here = large[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        here[...] = enlarged[top : top + here.shape[0], left : left + here.shape[1]]
        advance((row.stop - row.start) * (column.stop - column.start))
