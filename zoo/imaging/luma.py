"""Compute luma and chroma of ITU-R BT.601 in studio range, as MATLAB's rgb2ycbcr does."""

from typing import TYPE_CHECKING

import numpy as np

from zoo.arrays import Array

if TYPE_CHECKING:
    import tensorflow as tf

# Rows compute Y, Cb and Cr from RGB in 0..1, in units of 1/255.
_MATRIX = np.array(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]],
)
_OFFSET = np.array([16.0, 128.0, 128.0])


def luma(picture: Array) -> Array:
    """Return the luma of a picture, rounded to 8 bits; a grey picture is returned as it is.

    Args:
        picture: uint8 `[..., height, width, 1 or 3]`, grey or RGB.

    Returns:
        uint8 `[..., height, width, 1]`, in 16..235 for RGB and 0..255 for grey.

    Reference:
        ITU-R BT.601; MATLAB's `rgb2ycbcr`, which the super-resolution literature uses.
    """
    if picture.shape[-1] == 1:
        return picture
    values = picture.astype(np.float64) @ (_MATRIX[0] / 255.0) + _OFFSET[0]
    # MATLAB rounds halves up; the values are positive.
    return np.floor(values + 0.5).astype(np.uint8)[..., None]


def rgb_to_ycbcr(image: "tf.Tensor") -> "tf.Tensor":
    """Convert RGB to Y, Cb and Cr, divided by 255 and not rounded.

    Args:
        image: RGB `[..., 3]` in 0..1, of any float type.

    Returns:
        `[..., 3]`, in 16/255..235/255 (Y) and 16/255..240/255 (Cb, Cr).
    """
    import tensorflow as tf

    matrix, offset = tf.constant(_MATRIX.T / 255.0, image.dtype), tf.constant(_OFFSET / 255.0, image.dtype)
    return tf.tensordot(image, matrix, 1) + offset


def ycbcr_to_rgb(image: "tf.Tensor") -> "tf.Tensor":
    """Convert Y, Cb and Cr back to RGB, the inverse of `rgb_to_ycbcr`.

    Args:
        image: Y, Cb and Cr `[..., 3]` divided by 255.

    Returns:
        RGB `[..., 3]`; outside 0..1 for values that no RGB colour has.
    """
    import tensorflow as tf

    matrix, offset = np.linalg.inv(_MATRIX / 255.0).T, _OFFSET / 255.0
    return tf.tensordot(image - tf.constant(offset, image.dtype), tf.constant(matrix, image.dtype), 1)
