"""Define the layers a second time, in NumPy, for clarity and independently of the code under test."""

import numpy as np


def correlate(x, kernel, padding="same"):
    """Convolve `[b, h, w, ci]` with `[kh, kw, ci, co]` as networks do, one multiplication per tap."""
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
    """Move channel `(a*rw + b)*C + c` to pixel (a, b) of channel c."""
    batch, height, width, channels = x.shape
    filters = channels // (rh * rw)
    y = np.empty((batch, height * rh, width * rw, filters), x.dtype)
    for a in range(rh):
        for b in range(rw):
            for c in range(filters):
                y[:, a::rh, b::rw, c] = x[..., (a * rw + b) * filters + c]
    return y


def scatter(x, kernel, rh, rw):
    """Compute the full transposed convolution: every input pixel adds its kernel `[K, K, co, ci]` at its stride."""
    batch, height, width, _ = x.shape
    tall, wide, filters, _ = kernel.shape
    y = np.zeros((batch, rh * (height - 1) + tall, rw * (width - 1) + wide, filters), np.result_type(x, kernel))
    for i in range(height):
        for j in range(width):
            stamp = np.einsum("bc,klfc->bklf", x[:, i, j], kernel)
            y[:, i * rh : i * rh + tall, j * rw : j * rw + wide] += stamp
    return y


def scatter_window(x, kernel, rh, rw, padding, output_padding):
    """Return `scatter`, cropped as `Conv2DTranspose` crops it.

    The size follows Keras's rule. The crop at the beginning is the padding of the strided convolution whose gradient
    this is.
    """
    full = scatter(x, kernel, rh, rw)
    begin, sizes = [], []
    for axis, stride in enumerate((rh, rw)):
        n, k = x.shape[1 + axis], kernel.shape[axis]
        if padding == "valid":
            more = max(k, stride) - k if output_padding is None else output_padding[axis]
            size, total = (n - 1) * stride + k + more, 0
        else:
            size = n * stride if output_padding is None else (n - 1) * stride + k % 2 + output_padding[axis]
            total = max((-(-size // stride) - 1) * stride + k - size, 0)
        begin.append(total // 2)
        sizes.append(size)
    padded = np.pad(full, ((0, 0), (0, rh), (0, rw), (0, 0)))
    return padded[:, begin[0] : begin[0] + sizes[0], begin[1] : begin[1] + sizes[1]]


def repeat(x, rh, rw):
    """Enlarge to the nearest neighbour, pixel by pixel."""
    y = np.empty((x.shape[0], x.shape[1] * rh, x.shape[2] * rw, x.shape[3]), x.dtype)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i // rh, j // rw]
    return y


def interpolate(x, rh, rw):
    """Interpolate bilinearly between pixel centres, pixel by pixel, with repeated edges."""

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
