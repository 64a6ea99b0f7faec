"""Decode pictures inside a TensorFlow graph, after their format and size were read from their headers."""

import tensorflow as tf

SERVED_PIXELS = 25_000_000
"""The largest enlarged picture in pixels. It is computed as a whole in floats, which takes gigabytes."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# The first chunk of a PNG: its name, then the picture's width and height.
_HEADER, _HEADER_AT, _SIZE_AT = b"IHDR", 12, 16


def decoded(encoded: tf.Tensor, scale: int) -> tf.Tensor:
    """Return the pixels of a PNG or JPEG that is to be enlarged.

    Args:
        encoded: string `[]`.
        scale: int factor of the enlargement.

    Returns:
        RGB uint8 `[h, w, 3]`. Transparency is dropped, 16 bits become 8, and an animation becomes its first picture.

    Raises:
        tf.errors.InvalidArgumentError: the format is another, the picture is damaged, or it would have more than
            `SERVED_PIXELS` once enlarged; pixels are counted before anything is decoded.
    """
    is_png = _holds(encoded, 0, _PNG)
    known = tf.Assert(
        tf.logical_or(is_png, _holds(encoded, 0, _JPEG)),
        [
            "image_bytes must hold encoded PNG or JPEG pictures. One begins with the bytes of these numbers: ",
            # Print numbers, because a message that is not UTF-8 cannot be passed on.
            tf.cast(tf.io.decode_raw(_part(encoded, 0, 8), tf.uint8), tf.int32),
        ],
        summarize=8,
    )
    largest = SERVED_PIXELS // scale**2
    with tf.control_dependencies([known]):
        height, width = tf.unstack(tf.cond(is_png, lambda: _png_size(encoded), lambda: _jpeg_size(encoded)))
    fits = tf.Assert(
        tf.logical_and(tf.minimum(height, width) > 0, height * width <= largest),
        [
            f"image_bytes must hold pictures of 1 to {largest:,} pixels, which become at most {SERVED_PIXELS:,}. "
            "Height and width of one are: ",
            height,
            width,
        ],
    )
    with tf.control_dependencies([fits]):
        return tf.io.decode_image(encoded, channels=3, expand_animations=False)


def _png_size(encoded: tf.Tensor) -> tf.Tensor:
    """Return height and width, int64 `[2]`; zeros where the first chunk is not the header."""
    width_and_height = tf.io.decode_raw(_part(encoded, _SIZE_AT, 8), tf.int32, little_endian=False, fixed_length=8)
    size = tf.cast(tf.reverse(width_and_height, [0]), tf.int64)
    return tf.where(_holds(encoded, _HEADER_AT, _HEADER), size, tf.zeros_like(size))


def _jpeg_size(encoded: tf.Tensor) -> tf.Tensor:
    """Return height and width, int64 `[2]`, from the library that decodes: it searches for the first frame header."""
    return tf.cast(tf.io.extract_jpeg_shape(encoded)[:2], tf.int64)


def _part(encoded: tf.Tensor, start: int, size: int) -> tf.Tensor:
    """Return up to `size` bytes from a position, fewer at the end."""
    return tf.strings.substr(encoded, tf.minimum(start, tf.strings.length(encoded)), size)


def _holds(encoded: tf.Tensor, start: int, expected: bytes) -> tf.Tensor:
    return tf.equal(_part(encoded, start, len(expected)), expected)
