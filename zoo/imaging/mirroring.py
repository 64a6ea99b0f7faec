"""Continue pictures beyond their edges by their mirror image."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# On AVX-512, oneDNN's convolutions larger than 3x3 process the width in blocks of 30 pixels. For a last block of one
# pixel (up to two for 7x7, three for 9x9) another kernel runs, whose sums are rounded differently and depend on the
# height too. Every other width and height computes the same bits.
_BLOCK = 30
_LONGEST_AWKWARD = 3


def mirrored(image: "tf.Tensor", margin: int) -> "tf.Tensor":
    """Return pictures with a margin in which they continue as their mirror image, the outermost pixels twice.

    The margin at the right is up to three pixels wider, so that a convolution computes the same bits for a picture and
    for a tile of it.

    Args:
        image: `[batch, height, width, channels]`, of any size from 1x1, which may be smaller than the margin.
        margin: pixels on each side.

    Returns:
        `[batch, margin + height + margin, margin + width + margin or more, channels]`.
    """
    import tensorflow as tf

    height, width = tf.unstack(tf.shape(image)[1:3])
    remainder = (width + 2 * margin) % _BLOCK
    awkward = (width + 2 * margin > _BLOCK) & (remainder >= 1) & (remainder <= _LONGEST_AWKWARD)
    wider = tf.where(awkward, _LONGEST_AWKWARD + 1 - remainder, 0)
    image = tf.gather(image, _places(height, margin, margin), axis=1)
    return tf.gather(image, _places(width, margin, margin + wider), axis=2)


def with_mirrored_edges(
    network: Callable[["tf.Tensor"], "tf.Tensor"], image: "tf.Tensor", margin: int, scale: int
) -> "tf.Tensor":
    """Return what a network makes of pictures that continue as their mirror image, without what it makes of the margin.

    Args:
        network: enlarges pictures by `scale`.
        image: `[batch, height, width, channels]`.
        margin: pixels around its own on which an enlarged pixel depends.
        scale: factor of the enlargement.

    Returns:
        `[batch, scale * height, scale * width, channels]`, of the picture's type.
    """
    import tensorflow as tf

    large = tf.cast(network(mirrored(image, margin)), image.dtype)
    start, size = margin * scale, tf.shape(image)[1:3] * scale
    return large[:, start : start + size[0], start : start + size[1]]


def _places(size: "tf.Tensor", before: int, after: "int | tf.Tensor") -> "tf.Tensor":
    """Return for each place from `before` pixels ahead of an axis to `after` behind it the pixel that appears there."""
    import tensorflow as tf

    # A picture and its mirror image alternate with a period of twice the size.
    places = tf.range(-before, size + after) % (2 * size)
    return tf.minimum(places, 2 * size - 1 - places)
