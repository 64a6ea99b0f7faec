"""Calculate the worked example of docs/equivalence.md, on one channel, in NumPy alone.

Shi et al. 2016 (https://arxiv.org/abs/1609.07009) draw an input (1, 4, 4). A kernel (4, 1, 2, 2) turns it into
(4, 4, 4), and the periodic shuffle into (1, 8, 8). A deconvolution with kernel (1, 1, 4, 4) returns the same. The paper
has no numbers; those here are our own.
"""

import numpy as np

from zoo.arrays import Array

SCALE = 2
PICTURE: Array = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]])
KERNEL: Array = np.arange(1, 17).reshape(4, 4)


def insert_zeros(x: Array, scale: int) -> Array:
    """Return `[n, m]` with scale - 1 zeros between neighbours, `[scale*(n-1) + 1, scale*(m-1) + 1]`."""
    height, width = x.shape
    y = np.zeros((scale * (height - 1) + 1, scale * (width - 1) + 1), x.dtype)
    y[::scale, ::scale] = x
    return y


def correlate(x: Array, kernel: Array) -> Array:
    """Return what networks call a `valid` convolution: the kernel slides over x unflipped."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape)
    return np.einsum("nmij,ij->nm", windows, kernel)


def at_high_resolution(x: Array, kernel: Array, scale: int) -> Array:
    """Return the whole output of a transposed convolution, from inserted zeros, `[scale*(n-1) + K, ...]`."""
    margins = [(size - 1, size - 1) for size in kernel.shape]
    return correlate(np.pad(insert_zeros(x, scale), margins), kernel[::-1, ::-1])


def sub_kernels(kernel: Array, scale: int) -> Array:
    """Return the taps of each phase, reversed: `[K, K]`, K = k*scale, becomes `[scale, scale, k, k]`."""
    tall, wide = (size // scale for size in kernel.shape)
    return kernel.reshape(tall, scale, wide, scale).transpose(1, 3, 0, 2)[:, :, ::-1, ::-1]


def at_low_resolution(x: Array, kernel: Array, scale: int) -> Array:
    """Return the same values as one map per phase, `[scale, scale, n + k - 1, ...]`: x padded by k - 1, convolved."""
    phases = sub_kernels(kernel, scale)
    padded = np.pad(x, [(size - 1, size - 1) for size in phases.shape[2:]])
    return np.stack([np.stack([correlate(padded, sub_kernel) for sub_kernel in row]) for row in phases])


def shuffle(maps: Array) -> Array:
    """Shuffle maps into one: map (a, b) of `[r, r, n, m]` becomes pixel (a, b) of every r x r block, `[r*n, r*m]`."""
    rows, columns, height, width = maps.shape
    return maps.transpose(2, 0, 3, 1).reshape(height * rows, width * columns)


def multiplications() -> dict[str, int]:
    """Return the multiplications for the example's 8 x 8 output, with zeros inserted and at low resolution."""
    outputs = PICTURE.size * SCALE**2
    return {"high": outputs * KERNEL.size, "low": outputs * KERNEL.size // SCALE**2}


def numbers() -> str:
    """Return the example as a block of text in Markdown."""
    maps = at_low_resolution(PICTURE, KERNEL, SCALE)[:, :, 1:, 1:]
    phases = [(a, b) for a in range(SCALE) for b in range(SCALE)]
    sub_kernel = sub_kernels(KERNEL, SCALE)
    output = at_high_resolution(PICTURE, KERNEL, SCALE)[2:, 2:]
    equal = np.array_equal(shuffle(maps), output)
    work = multiplications()
    return "\n".join(
        [
            "```text",
            *side_by_side([("x (1, 4, 4)", PICTURE), ("deconvolution kernel W (1, 1, 4, 4)", KERNEL)]),
            "",
            "the convolution's kernel (4, 1, 2, 2), a sub-kernel for each phase",
            "",
            *side_by_side([(f"phase {a}, {b}", sub_kernel[a, b]) for a, b in phases]),
            "",
            "x convolved with each, (4, 4, 4)",
            "",
            *side_by_side([(f"phase {a}, {b}", maps[a, b]) for a, b in phases]),
            "",
            *side_by_side([("shuffled, (1, 8, 8): the deconvolution's output", shuffle(maps))]),
            "",
            f"largest difference from the deconvolution: {0 if equal else np.abs(shuffle(maps) - output).max()}",
            f"multiplications: {work['high']:,} with zeros inserted, {work['low']:,} at low resolution",
            "```",
            "",
        ]
    )


def side_by_side(grids: list[tuple[str, Array]]) -> list[str]:
    """Return lines of text: titles, and below them the grids next to each other."""
    columns = []
    for title, grid in grids:
        digits = len(str(grid.max()))
        rows = [" ".join(f"{value:{digits}d}" for value in row) for row in grid]
        columns.append([title, *rows])
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return ["    ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
