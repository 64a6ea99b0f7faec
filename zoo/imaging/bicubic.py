"""Bicubic resampling: how low-resolution pictures are made, and the enlargement that networks have to beat."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf


def cropped(picture: "np.ndarray[Any, Any]", scale: int) -> "np.ndarray[Any, Any]":
    """Cut `[..., height, width, channels]` at the bottom and right to multiples of `scale`.

    Raises:
        ValueError: the picture is smaller than `scale`.
    """
    height, width = (size // scale * scale for size in picture.shape[-3:-1])
    if not height or not width:
        raise ValueError(f"a picture of {picture.shape[-3]}x{picture.shape[-2]} is too small for scale {scale}")
    return picture[..., :height, :width, :]


def degrade(picture: "np.ndarray[Any, Any]", scale: int) -> "np.ndarray[Any, Any]":
    """The low-resolution picture: bicubic with antialiasing, rounded to 8 bits.

    Args:
        picture: uint8 `[..., scale * height, scale * width, channels]`.
        scale: int factor.

    Returns:
        uint8 `[..., height, width, channels]`.

    Reference:
        What MATLAB's `imresize` does, to about 0.02 dB of the published bicubic rows.
    """
    import tensorflow as tf

    height, width = (size // scale for size in picture.shape[-3:-1])
    low = tf.image.resize(picture, (height, width), "bicubic", antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(low), 0.0, 255.0), tf.uint8).numpy()


def enlarge(image: "tf.Tensor", scale: int) -> "tf.Tensor":
    """Bicubic enlargement, not clipped.

    Args:
        image: float `[batch, height, width, channels]`.
        scale: int factor.

    Returns:
        float32 `[batch, scale * height, scale * width, channels]`. Without antialiasing, which enlarging does not
        need, tiles of a picture come out bit for bit as in the whole.
    """
    import tensorflow as tf

    size = tf.shape(image)[1:3] * scale
    return tf.image.resize(image, size, "bicubic", antialias=False)
