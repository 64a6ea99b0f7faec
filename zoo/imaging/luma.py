"""Compute luma of ITU-R BT.601 as MATLAB's rgb2ycbcr does, and split colours into grey and differences from it."""

from typing import TYPE_CHECKING

import numpy as np

from zoo.arrays import Array

if TYPE_CHECKING:
    import tensorflow as tf

# Weights of red, green and blue in luma. Studio range puts black at 16 and white at 235 of 255.
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_BLACK, _WHITE = 16.0, 235.0
_MATLAB = np.array([65.481, 128.553, 24.966])
# Values that rounding has moved away from black or white by less than this are clipped to them: a quarter of a level of
# 16 bits.
_ROUNDING = 2.0**-18


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
    values = picture.astype(np.float64) @ (_MATLAB / 255.0) + _BLACK
    # MATLAB rounds halves up; the values are positive.
    return np.floor(values + 0.5).astype(np.uint8)[..., None]


def to_studio_range(grey: "tf.Tensor") -> "tf.Tensor":
    """Map grey values, in which 0 is black and 1 is white, to luma divided by 255: 16/255 is black, 235/255 white."""
    return _BLACK / 255.0 + grey * ((_WHITE - _BLACK) / 255.0)


def from_studio_range(luma: "tf.Tensor") -> "tf.Tensor":
    """Map luma divided by 255 to grey values, the inverse of `to_studio_range`.

    The result is stretched by some millionths, so that a white or black which rounding has moved by less lies at or
    beyond 1 or 0, to which the caller clips.
    """
    stretch = 1.0 + 2.0 * _ROUNDING
    slope = stretch * 255.0 / (_WHITE - _BLACK)
    return luma * slope - (_BLACK / 255.0 * slope + _ROUNDING)


def split_colours(image: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
    """Split RGB into brightness and colour.

    Args:
        image: RGB `[..., 3]`, floats in 0..1.

    Returns:
        Grey values `[..., 1]` in 0..1, the weighted mean of the three channels; and red minus grey and blue minus grey
        `[..., 2]`, which are Cr and Cb of BT.601 but for constant factors. If the three channels are equal, grey is
        exactly that value and the differences are exactly 0.
    """
    import tensorflow as tf

    red, green, blue = tf.split(image, 3, -1)
    grey = green + _RED * (red - green) + _BLUE * (blue - green)
    return grey, tf.concat([red - grey, blue - grey], -1)


def join_colours(grey: "tf.Tensor", differences: "tf.Tensor") -> "tf.Tensor":
    """Return RGB `[..., 3]` of grey values and colour differences, the inverse of `split_colours`."""
    import tensorflow as tf

    red, blue = tf.split(differences, 2, -1)
    green = (_RED / _GREEN) * red + (_BLUE / _GREEN) * blue
    return tf.concat([grey + red, grey - green, grey + blue], -1)
