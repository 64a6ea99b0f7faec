"""Cut a picture into tiles that can be enlarged one by one without seams.

A tile is enlarged from a window: the tile with a halo of all pixels that its enlargement depends on, as far as the
picture goes. A window that touches the picture's edge ends there, so that a network pads it as it pads the whole.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.arrays import Array

# Convolutions compute a row in blocks of some pixels, whose number depends on the processor. Widths of windows are
# multiples of this number, which is a multiple of those blocks.
_WIDTH_MULTIPLE = 120


@dataclass(frozen=True)
class Span:
    """Hold the place of a tile along one axis, in pixels.

    Attributes:
        start: the first pixel of the tile.
        stop: the pixel after its last.
        window: the first pixel of the window that the tile is enlarged from.
    """

    start: int
    stop: int
    window: int


def window_size(height: int, width: int, halo: int, pixels: int, side: int | None = None) -> tuple[int, int]:
    """Return height and width of the windows to enlarge a picture in; no choice of tiles changes a bit of the result.

    Args:
        height: height of the picture.
        width: width of the picture.
        halo: number of pixels on each side that a pixel depends on.
        pixels: about the largest number of pixels in a window.
        side: the smallest side of the tiles; None for tiles as large as `pixels` allows.

    Raises:
        ValueError: `side` is less than 1.
    """
    if side is not None and side < 1:
        raise ValueError(f"tile={side} must be at least 1")
    if side is None and height * width <= pixels:
        return height, width
    shortest = 2 * halo + 1
    wanted = math.isqrt(pixels) if side is None else side + 2 * halo
    across = min(width, max(wanted, shortest))
    across = min(width, -(-across // _WIDTH_MULTIPLE) * _WIDTH_MULTIPLE)
    down = pixels // across if side is None else wanted
    return min(height, max(down, shortest)), across


def spans(size: int, window: int, halo: int) -> list[Span]:
    """Return the tiles along one axis.

    Args:
        size: size of the picture in pixels.
        window: size of every window: `size`, or a smaller number that is larger than two halos.
        halo: number of pixels on each side that a pixel depends on.
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
        scale: the factor of the enlargement.
        window: height and width of the windows, as returned by `window_size`.
        halo: number of pixels of `picture` on each side that a pixel of the enlargement depends on.
        large: `[scale * h, scale * w, c]`, the array to fill.
        advance: called after each tile with the number of pixels of `picture` in it.

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
        tile = large[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        tile[...] = enlarged[top : top + tile.shape[0], left : left + tile.shape[1]]
        advance((row.stop - row.start) * (column.stop - column.start))
