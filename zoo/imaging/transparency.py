"""Fill in the colours of transparent pixels, which are invisible until a picture is resampled."""

import numpy as np

from zoo.arrays import Array

# A pixel keeps its own colour if it is at least an eighth as opaque as every pixel up to two pixels away, as far as
# bicubic interpolation reaches.
_CLEARLY_VISIBLE, _NEAR = 1 / 8, 2


def fill_transparent(colours: Array, alpha: Array) -> Array:
    """Set the colours of transparent pixels to those of visible pixels near them.

    Their own colours are arbitrary, often black, and would become visible as a fringe around every edge when the
    picture is enlarged. Pixels that are nearly transparent compared with their neighbours move towards those colours,
    the more the less visible they are. Clearly visible pixels keep their colours.

    Args:
        colours: uint8, uint16 or floats `[h, w, 1 or 3]`, not multiplied by alpha.
        alpha: of the same type, `[h, w, 1]`.

    Returns:
        An array like `colours`; integers are rounded.

    Reference:
        The pull-push algorithm of Gortler et al. 1996, The Lumigraph: averages over pixels of increasing size,
        weighted by alpha.
    """
    if alpha.min() == alpha.max():
        return colours
    # Divide by the largest: means of the smallest floats would be rounded to zero.
    weight = (alpha / alpha.max()).astype(np.float32)
    near = largest_near(weight, _NEAR)
    own = np.divide(weight, _CLEARLY_VISIBLE * near, out=np.zeros_like(weight), where=near > 0)
    hidden = own < 1
    if not hidden.any():
        return colours
    weight[hidden] = 0
    mixed = _filled(colours * weight, weight)
    mixed += own * (colours - mixed)
    if np.issubdtype(colours.dtype, np.integer):
        mixed = np.rint(mixed)
    return np.where(hidden, mixed, colours).astype(colours.dtype)


def largest_near(values: Array, reach: int) -> Array:
    """Return the largest of the values up to `reach` pixels away along both axes, for every pixel of `[h, w, c]`."""
    for axis in (0, 1):
        size = values.shape[axis]
        padding = [(reach, reach) if each == axis else (0, 0) for each in range(values.ndim)]
        padded = np.pad(values, padding, mode="edge")
        values = padded.take(range(size), axis)
        for start in range(1, 2 * reach + 1):
            np.maximum(values, padded.take(range(start, start + size), axis), out=values)
    return values


def _filled(weighted: Array, weight: Array) -> Array:
    """Return mean colours; where no pixel is known, those of pixels twice as large."""
    known = weight > 0
    if known.all():
        return weighted / weight
    coarse = _filled(_halved(weighted), _halved(weight))
    near = coarse.repeat(2, 0).repeat(2, 1)[: weight.shape[0], : weight.shape[1]]
    return np.divide(weighted, weight, out=near, where=known)


def _halved(values: Array) -> Array:
    """Return the means of blocks of 2x2 pixels, with zeros beyond the edge of an odd size."""
    height, width = (size + size % 2 for size in values.shape[:2])
    padded = np.zeros((height, width, values.shape[2]), np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return padded.reshape(height // 2, 2, width // 2, 2, -1).mean((1, 3))
