"""The worked example of docs/equivalence.md, on one channel, in NumPy alone.

Shi et al. 2016 (https://arxiv.org/abs/1609.07009) draw an input (1, 4, 4) that a kernel (4, 1, 2, 2) turns into
(4, 4, 4) and the periodic shuffle into (1, 8, 8), as a deconvolution with kernel (1, 1, 4, 4) does. They give no
numbers; these are ours.
"""

from typing import Any

import numpy as np

Grid = np.ndarray[Any, np.dtype[Any]]

SCALE = 2
PICTURE: Grid = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]])
KERNEL: Grid = np.arange(1, 17).reshape(4, 4)


def insert_zeros(x: Grid, scale: int) -> Grid:
    """`[n, m]` with scale - 1 zeros between neighbours, `[scale*(n-1) + 1, scale*(m-1) + 1]`."""
    height, width = x.shape
    y = np.zeros((scale * (height - 1) + 1, scale * (width - 1) + 1), x.dtype)
    y[::scale, ::scale] = x
    return y


def correlate(x: Grid, kernel: Grid) -> Grid:
    """What networks call a convolution, `valid`: the kernel slides over x unflipped."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape)
    return np.einsum("nmij,ij->nm", windows, kernel)


def at_high_resolution(x: Grid, kernel: Grid, scale: int) -> Grid:
    """All that a transposed convolution makes, `[scale*(n-1) + K, ...]`: zeros inserted, kernel flipped."""
    margins = [(size - 1, size - 1) for size in kernel.shape]
    return correlate(np.pad(insert_zeros(x, scale), margins), kernel[::-1, ::-1])


def sub_kernels(kernel: Grid, scale: int) -> Grid:
    """The taps of each phase, reversed: `[K, K]`, K = k*scale, to `[scale, scale, k, k]`."""
    tall, wide = (size // scale for size in kernel.shape)
    return kernel.reshape(tall, scale, wide, scale).transpose(1, 3, 0, 2)[:, :, ::-1, ::-1]


def at_low_resolution(x: Grid, kernel: Grid, scale: int) -> Grid:
    """The same values one map a phase, `[scale, scale, n + k - 1, ...]`: x padded by k - 1, then convolved."""
    phases = sub_kernels(kernel, scale)
    padded = np.pad(x, [(size - 1, size - 1) for size in phases.shape[2:]])
    return np.stack([np.stack([correlate(padded, sub_kernel) for sub_kernel in row]) for row in phases])


def shuffle(maps: Grid) -> Grid:
    """The periodic shuffle: map (a, b) of `[r, r, n, m]` becomes the pixels (a, b) of every r x r, `[r*n, r*m]`."""
    rows, columns, height, width = maps.shape
    return maps.transpose(2, 0, 3, 1).reshape(height * rows, width * columns)


def multiplications() -> dict[str, int]:
    """Of the example's 8 x 8 output: with zeros inserted, and at low resolution."""
    outputs = PICTURE.size * SCALE**2
    return {"high": outputs * KERNEL.size, "low": outputs * KERNEL.size // SCALE**2}


def numbers() -> str:
    """The example as a block of the page."""
    maps = at_low_resolution(PICTURE, KERNEL, SCALE)[:, :, 1:, 1:]
    phases = [(a, b) for a in range(SCALE) for b in range(SCALE)]
    sub_kernel = sub_kernels(KERNEL, SCALE)
    output = at_high_resolution(PICTURE, KERNEL, SCALE)[2:, 2:]
    equal = np.array_equal(shuffle(maps), output)
    work = multiplications()
    return "\n".join(
        [
            "```text",
            *beside([("x (1, 4, 4)", PICTURE), ("deconvolution kernel W (1, 1, 4, 4)", KERNEL)]),
            "",
            "the convolution's kernel (4, 1, 2, 2), a sub-kernel for each phase",
            "",
            *beside([(f"phase {a}, {b}", sub_kernel[a, b]) for a, b in phases]),
            "",
            "x convolved with each, (4, 4, 4)",
            "",
            *beside([(f"phase {a}, {b}", maps[a, b]) for a, b in phases]),
            "",
            *beside([("shuffled, (1, 8, 8): the deconvolution's output", shuffle(maps))]),
            "",
            f"largest difference from the deconvolution: {0 if equal else np.abs(shuffle(maps) - output).max()}",
            f"multiplications: {work['high']:,} with zeros inserted, {work['low']:,} at low resolution",
            "```",
            "",
        ]
    )


def beside(grids: list[tuple[str, Grid]]) -> list[str]:
    """Lines of text: titles, and under them the grids side by side."""
    columns = []
    for title, grid in grids:
        digits = len(str(grid.max()))
        rows = [" ".join(f"{value:{digits}d}" for value in row) for row in grid]
        columns.append([title, *rows])
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return ["    ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
