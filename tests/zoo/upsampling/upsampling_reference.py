"""The layers' definitions once more, in NumPy, written for clarity and not from the code under test."""

import numpy as np


def correlate(x, kernel, padding="same"):
    """Convolution as networks have it, `[b, h, w, ci]` and `[kh, kw, ci, co]`, one multiplication per tap."""
    kh, kw = kernel.shape[:2]
    if padding == "same":
        above, left = (kh - 1) // 2, (kw - 1) // 2
        x = np.pad(x, ((0, 0), (above, kh - 1 - above), (left, kw - 1 - left), (0, 0)))
    height, width = x.shape[1] - kh + 1, x.shape[2] - kw + 1
    y = np.zeros((x.shape[0], height, width, kernel.shape[3]), np.result_type(x, kernel))
    for i in range(kh):
        for j in range(kw):
            y += x[:, i : i + height, j : j + width] @ kernel[i, j]
    return y


def shuffle(x, rh, rw):
    """Channel `(a*rw + b)*C + c` becomes pixel (a, b) of channel c."""
    batch, height, width, channels = x.shape
    filters = channels // (rh * rw)
    y = np.empty((batch, height * rh, width * rw, filters), x.dtype)
    for a in range(rh):
        for b in range(rw):
            for c in range(filters):
                y[:, a::rh, b::rw, c] = x[..., (a * rw + b) * filters + c]
    return y


def scatter(x, kernel, rh, rw):
    """Full transposed convolution: every input pixel adds its kernel `[K, K, co, ci]` at stride (rh, rw)."""
    batch, height, width, _ = x.shape
    tall, wide, filters, _ = kernel.shape
    y = np.zeros((batch, rh * (height - 1) + tall, rw * (width - 1) + wide, filters), np.result_type(x, kernel))
    for i in range(height):
        for j in range(width):
            stamp = np.einsum("bc,klfc->bklf", x[:, i, j], kernel)
            y[:, i * rh : i * rh + tall, j * rw : j * rw + wide] += stamp
    return y


def scatter_same(x, kernel, rh, rw):
    """`scatter`, cropped to r times the input as padding "same" crops."""
    full = scatter(x, kernel, rh, rw)
    top, left = (kernel.shape[0] - rh) // 2, (kernel.shape[1] - rw) // 2
    return full[:, top : top + rh * x.shape[1], left : left + rw * x.shape[2]]


def repeat(x, rh, rw):
    """Nearest neighbour, pixel by pixel."""
    y = np.empty((x.shape[0], x.shape[1] * rh, x.shape[2] * rw, x.shape[3]), x.dtype)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i // rh, j // rw]
    return y


def interpolate(x, rh, rw):
    """Bilinear between pixel centres, pixel by pixel, edges repeated."""

    def neighbours(place, factor, size):
        position = (place + 0.5) / factor - 0.5
        low = int(np.floor(position))
        return max(low, 0), min(low + 1, size - 1), position - low

    y = np.empty((x.shape[0], x.shape[1] * rh, x.shape[2] * rw, x.shape[3]), x.dtype)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            above, below, down = neighbours(i, rh, x.shape[1])
            left, right, across = neighbours(j, rw, x.shape[2])
            upper = (1 - across) * x[:, above, left] + across * x[:, above, right]
            lower = (1 - across) * x[:, below, left] + across * x[:, below, right]
            y[:, i, j] = (1 - down) * upper + down * lower
    return y
