"""Reduce pictures to a size, with antialiasing."""

from typing import TYPE_CHECKING

import numpy as np

from zoo.arrays import Array

if TYPE_CHECKING:
    pass

# Below this alpha a pixel is invisible with 8 bits.
_INVISIBLE = 1 / 512


def reduce_picture(picture: Array, width: int, height: int) -> Array:
    """Reduce a picture with Pillow's bicubic filter, which averages over all pixels that a new one covers.

    It is computed in floats and rounded once, so that 16 bits are kept and flat areas stay as they are. Colours are
    weighed by alpha.

    Args:
        picture: uint8, uint16 or floats in 0..1, `[h, w, c]`, where 2 or 4 channels end with alpha.
        width: at most the width of `picture`.
        height: at most the height of `picture`.

    Returns:
        `[height, width, c]` of the same type.

    Reference:
        Keys 1981 with a = -1/2, widened by the factor, as MATLAB's `imresize` and `zoo.imaging.degrade` do.
    """
    if picture.shape[:2] == (height, width):
        return picture
    integers = np.issubdtype(picture.dtype, np.integer)
    peak = np.iinfo(picture.dtype).max if integers else 1.0
    planes = [_reduced(picture[..., channel], width, height) for channel in range(picture.shape[2])]
    alpha = picture[..., -1]
    if picture.shape[2] in (2, 4) and alpha.min() != alpha.max():
        least = _INVISIBLE * peak
        for channel in range(picture.shape[2] - 1):
            products = _reduced(picture[..., channel].astype(np.float32) * alpha, width, height)
            planes[channel] = np.where(planes[-1] > least, products / np.maximum(planes[-1], least), planes[channel])
    small = np.clip(np.stack(planes, -1), 0, peak)
    return (np.rint(small) if integers else small).astype(picture.dtype)


def _reduced(plane: Array, width: int, height: int) -> Array:
    from PIL import Image

    image: Image.Image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
