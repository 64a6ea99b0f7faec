"""Fill in the colours of transparent pixels, which are invisible until a picture is resampled."""

import numpy as np

from zoo.arrays import Array


def fill_transparent(colours: Array, alpha: Array) -> Array:
    """Set the colours of wholly transparent pixels to those of visible pixels near them.

    Their own colours are arbitrary, often black, and would become visible as a fringe around every edge when the
    picture is enlarged. Visible pixels keep their colours.

    Args:
        colours: uint8, uint16 or floats `[h, w, 1 or 3]`, not multiplied by alpha.
        alpha: of the same type, `[h, w, 1]`.

    Returns:
        An array like `colours`; integers are rounded.

    Reference:
        The pull-push algorithm of Gortler et al. 1996, The Lumigraph: averages over pixels of increasing size,
        weighted by alpha.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    integers = np.issubdtype(colours.dtype, np.integer)
    # Means of the smallest floats would be rounded to zero.
    weight = (alpha if integers else alpha / alpha.max()).astype(np.float32)
    filled = _filled(colours * weight, weight)
    if integers:
        filled = np.rint(filled)
    return np.where(hidden, filled.astype(colours.dtype), colours)


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
