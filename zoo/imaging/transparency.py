"""Colours under transparent pixels, which nobody sees until a picture is resampled."""

import numpy as np

from zoo.arrays import Array


def fill_transparent(colours: Array, alpha: Array) -> Array:
    """Give wholly transparent pixels the colours of what is visible near them.

    Their own are whatever a program left there, often black, and would show as a fringe around every edge once the
    picture is enlarged. Visible pixels keep their colours.

    Args:
        colours: uint8, uint16 or floats `[h, w, 1 or 3]`, not multiplied by alpha.
        alpha: of the same type, `[h, w, 1]`.

    Returns:
        As `colours`; integers are rounded.

    Reference:
        The pull-push of Gortler et al. 1996, The Lumigraph: averages of ever coarser pixels, weighted by alpha.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    whole = np.issubdtype(colours.dtype, np.integer)
    # The smallest floats would vanish in means of them.
    weight = (alpha if whole else alpha / alpha.max()).astype(np.float32)
    filled = _filled(colours * weight, weight)
    if whole:
        filled = np.rint(filled)
    return np.where(hidden, filled.astype(colours.dtype), colours)


def _filled(weighted: Array, weight: Array) -> Array:
    """Mean colours, those of the next coarser pixels where there are none."""
    known = weight > 0
    if known.all():
        return weighted / weight
    coarse = _filled(_halved(weighted), _halved(weight))
    near = coarse.repeat(2, 0).repeat(2, 1)[: weight.shape[0], : weight.shape[1]]
    return np.divide(weighted, weight, out=near, where=known)


def _halved(values: Array) -> Array:
    """Means of 2x2 pixels, with zeros beyond an odd edge."""
    height, width = (size + size % 2 for size in values.shape[:2])
    padded = np.zeros((height, width, values.shape[2]), np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return padded.reshape(height // 2, 2, width // 2, 2, -1).mean((1, 3))
