"""Cutting a picture into tiles, each seen with enough around it that no seam can be.

A tile is enlarged from a window: the tile and a halo of all that its pixels depend on, less where the picture ends.
A window that touches the picture's edge ends there, so that a network pads it as it pads the whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# oneDNN's convolutions go along the width in blocks, and where a remainder suits a kernel badly another one runs,
# whose sums are rounded differently. (5x5 kernels with few output channels on AVX-512: widths of 30 n + 1.) The width
# of every window is that of the whole picture modulo a multiple of all likely lengths of blocks: 1 to 8, 10, 12, 14,
# 15, 20, 21, 24, 28, 30. Heights make no such difference.
WIDTH_PERIOD = 840


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


def spans(size: int, tile: int, halo: int, period: int = 1) -> tuple[int, list[Span]]:
    """The length of all windows along one axis, and the tiles.

    Args:
        size: of the picture.
        tile: of a tile, at least.
        halo: pixels on either side that a pixel depends on.
        period: windows are as long as the picture modulo this, for which tiles become longer.

    Raises:
        ValueError: `tile` is less than 1.
    """
    if tile < 1:
        raise ValueError(f"tile={tile} must be at least 1")
    length = min(size, tile + 2 * halo)
    length += (size - length) % period
    if length == size:
        return size, [Span(0, size, 0)]
    step = length - 2 * halo
    starts = range(0, size, step)
    return length, [Span(start, min(start + step, size), min(max(start - halo, 0), size - length)) for start in starts]


def tiles(height: int, width: int, tile: tuple[int, int], halo: int) -> Iterator[tuple[tuple[int, int], Span, Span]]:
    """Height and width of the window, rows and columns of every tile."""
    window_height, rows = spans(height, tile[0], halo)
    window_width, columns = spans(width, tile[1], halo, WIDTH_PERIOD)
    for row in rows:
        for column in columns:
            yield (window_height, window_width), row, column


def enlarge_in_tiles(
    picture: "np.ndarray[Any, Any]",
    run: "Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]",
    scale: int,
    tile: tuple[int, int],
    halo: int,
    large: "np.ndarray[Any, Any]",
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Enlarge a picture tile by tile into an array.

    Args:
        picture: `[h, w, c]`.
        run: enlarges a window `[h', w', c]` to `[scale * h', scale * w', c]`.
        scale: its factor.
        tile: height and width of a tile.
        halo: pixels of `picture` around its own that a pixel of the enlargement depends on.
        large: `[scale * h, scale * w, c]`, filled.
        advance: told the pixels of `picture` that each tile has done.

    Raises:
        ValueError: `run` does not enlarge by `scale`.
    """
    for (height, width), row, column in tiles(picture.shape[0], picture.shape[1], tile, halo):
        window = picture[row.window : row.window + height, column.window : column.window + width]
        enlarged = run(window)
        if enlarged.shape[:2] != (height * scale, width * scale):
            raise ValueError(
                f"{height}x{width} pixels became {enlarged.shape[0]}x{enlarged.shape[1]}; "
                f"a model of scale {scale} must make {height * scale}x{width * scale}"
            )
        top, left = (row.start - row.window) * scale, (column.start - column.window) * scale
        here = large[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        here[...] = enlarged[top : top + here.shape[0], left : left + here.shape[1]]
        advance((row.stop - row.start) * (column.stop - column.start))
