"""Fit pictures of any size and kind to a given size and number of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

_LONGEST = 64
"""Largest ratio of the longer to the shorter side of a picture that is resized as a whole."""


def to_square(images: tf.Tensor, size: int) -> tf.Tensor:
    """Resize the shorter side to `size`, bicubic with antialiasing, and crop the centre.

    Args:
        images: uint8 [..., h, w, c], one picture or a batch of one shape.
        size: side of the result in pixels.

    Returns:
        uint8 [..., size, size, c].
    """
    import tensorflow as tf

    images = _without_far_ends(images)
    height, width = tf.unstack(tf.shape(images)[-3:-1])
    shorter = tf.minimum(height, width)
    # Round half up in integers: a quotient of floats could round differently on another machine.
    new_height = (2 * height * size + shorter) // (2 * shorter)
    new_width = (2 * width * size + shorter) // (2 * shorter)
    resized = tf.image.resize(images, (new_height, new_width), "bicubic", antialias=True)
    top, left = (new_height - size) // 2, (new_width - size) // 2
    cropped = resized[..., top : top + size, left : left + size, :]
    return tf.cast(tf.clip_by_value(tf.round(cropped), 0.0, 255.0), tf.uint8)


def _without_far_ends(images: tf.Tensor) -> tf.Tensor:
    """Crop very long pictures to their middle: a line of pixels would become an enormous picture when it is resized."""
    import tensorflow as tf

    sizes = tf.shape(images)[-3:-1]
    longest = _LONGEST * tf.reduce_min(sizes)
    # Remove an even number of pixels, so that the centre stays where it is.
    height, width = tf.unstack(tf.minimum(sizes, longest + (sizes - longest) % 2))
    top, left = tf.unstack((sizes - [height, width]) // 2)
    return images[..., top : top + height, left : left + width, :]


def with_channels(image: tf.Tensor, channels: int) -> tf.Tensor:
    """Return a picture with 1 or 3 channels: grey becomes colour, transparent parts become white.

    Args:
        image: uint8 [h, w, c] with c of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha).
        channels: of the result; 1 is for grey pictures only.

    Returns:
        uint8 [h, w, channels].
    """
    import tensorflow as tf

    present = tf.shape(image)[-1]
    if image.shape[-1] not in (1, 3):
        image = tf.cond(present % 2 == 0, lambda: _over_white(image), lambda: image)
    if image.shape[-1] != channels:
        image = tf.cond(tf.shape(image)[-1] < channels, lambda: tf.repeat(image, channels, axis=-1), lambda: image)
    return tf.ensure_shape(image, [None, None, channels])


def _over_white(image: tf.Tensor) -> tf.Tensor:
    """Place a picture with an alpha channel over white and drop the channel."""
    import tensorflow as tf

    ink, alpha = tf.cast(image[..., :-1], tf.float32), tf.cast(image[..., -1:], tf.float32) / 255.0
    return tf.cast(tf.round(255.0 + (ink - 255.0) * alpha), tf.uint8)
