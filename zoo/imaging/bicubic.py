"""Resample bicubically: make low-resolution pictures, and the enlargements that networks are compared with."""

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

    from zoo.arrays import Array

SCOPE = "bicubic_x"
"""Begins the name of the scope of an enlargement in a graph; the factor follows. `zoo.export` finds it by this name."""


def cropped(picture: "Array", scale: int) -> "Array":
    """Cut a picture at the bottom and right to multiples of `scale`.

    Args:
        picture: `[..., height, width, channels]`.
        scale: int factor.

    Returns:
        A view `[..., height', width', channels]`.

    Raises:
        ValueError: the picture is smaller than `scale`.
    """
    height, width = (size // scale * scale for size in picture.shape[-3:-1])
    if not height or not width:
        raise ValueError(f"a picture of {picture.shape[-3]}x{picture.shape[-2]} is too small for scale {scale}")
    return picture[..., :height, :width, :]


def degrade(picture: "Array", scale: int) -> "Array":
    """Return the low-resolution picture: bicubic with antialiasing, rounded to 8 bits.

    Args:
        picture: uint8 `[..., scale * height, scale * width, channels]`.
        scale: int factor.

    Returns:
        uint8 `[..., height, width, channels]`.

    Reference:
        MATLAB's `imresize`; the published bicubic rows are reproduced within about 0.02 dB.
    """
    import tensorflow as tf

    height, width = (size // scale for size in picture.shape[-3:-1])
    # Everywhere the same bits, and a GPU cannot divide the shapes of several threads at once.
    with tf.device("CPU:0"):
        low = tf.image.resize(picture, (height, width), "bicubic", antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(low), 0.0, 255.0), tf.uint8).numpy()


def enlarge(image: "tf.Tensor", scale: int) -> "tf.Tensor":
    """Enlarge pictures bicubically, without clipping.

    Args:
        image: float `[batch, height, width, channels]`.
        scale: int factor.

    Returns:
        float32 `[batch, scale * height, scale * width, channels]`, as `tf.image.resize` returns without antialiasing,
        which enlarging does not need. A tile of a picture is enlarged to the same bits as in the whole picture.

    Reference:
        Keys 1981, Cubic Convolution Interpolation for Digital Image Processing, with a = -1/2.
    """
    import tensorflow as tf

    image = tf.cast(image, tf.float32)
    shape = tf.shape(image)[1:3]

    def resized() -> "tf.Tensor":
        return tf.image.resize(image, shape * scale, "bicubic", antialias=False)

    limit = _exact_below(scale)
    with tf.name_scope(f"{SCOPE}{scale}"):
        if limit is None:
            return resized()
        return tf.cond(
            tf.reduce_max(shape) < limit, resized, lambda: _enlarged(_enlarged(image, scale, axis=1), scale, axis=2)
        )


def _exact_below(scale: int) -> int | None:
    """Return the height or width below which `tf.image.resize` is exact, or None if it always is.

    It computes positions in float32, which are exact only for powers of two, and rounds them to 1,024 places per pixel.
    From some size on, 2,000 pixels for scale 3, it picks a wrong place, and not the same one in a tile as in the whole
    picture: values are off by up to 1.5 thousandths of the range. The bound allows for three roundings.
    """
    if scale & (scale - 1) == 0:
        return None
    places = [Fraction(1024 * (2 * phase + 1 - scale), 2 * scale) for phase in range(scale)]
    margin = min(abs(place - math.floor(place) - Fraction(1, 2)) for place in places)
    return int(margin * 2**24 / (3 * 1024))


def _enlarged(image: "tf.Tensor", scale: int, axis: int) -> "tf.Tensor":
    """Enlarge a picture along one axis: each of the `scale` phases is a sum of four weighted neighbours."""
    import tensorflow as tf

    shape = tf.unstack(tf.shape(image)[:3])
    size = shape[axis]
    padded = tf.pad(image, [[2, 2] if each == axis else [0, 0] for each in range(4)])
    shifted = [
        tf.slice(padded, [start if each == axis else 0 for each in range(4)], [*shape, image.shape[-1]])
        for start in range(5)
    ]
    places = tf.range(size)
    phases = []
    for phase in range(scale):
        first, table = phase_weights(phase, scale)
        inside = [(places + first + tap >= 0) & (places + first + tap < size) for tap in range(4)]
        weights = tf.gather(table, tf.add_n([tf.cast(each, tf.int32) * 2**tap for tap, each in enumerate(inside)]))
        along = [-1 if each == axis else 1 for each in range(4)]
        terms = [shifted[2 + first + tap] * tf.reshape(weights[:, tap], along) for tap in range(4)]
        phases.append(tf.add_n(terms))
    shape[axis] = size * scale
    return tf.reshape(tf.stack(phases, axis + 1), [*shape, image.shape[-1]])


def phase_weights(phase: int, scale: int) -> tuple[int, "Array"]:
    """Return the offset of the first of a phase's four neighbours, and a table of their weights.

    Row i of the table `[16, 4]` is for the case that the neighbours whose bits are set in i lie inside the picture.
    Weights are those of TensorFlow, a kernel in float32 at 1,024 places per pixel; neighbours outside the picture have
    weight 0, and the others are divided by their sum.
    """
    import numpy as np

    position = Fraction(2 * phase + 1 - scale, 2 * scale)
    below = math.floor(position)
    near = Fraction(round((position - below) * 1024), 1024)
    taps = np.array([_keys(float(distance)) for distance in (near + 1, near, 1 - near, 2 - near)], np.float32)
    table = np.zeros((16, 4), np.float32)
    for inside in range(1, 16):
        chosen = [tap if inside >> place & 1 else np.float32(0) for place, tap in enumerate(taps)]
        total = chosen[0] + chosen[1] + chosen[2] + chosen[3]
        if total:
            table[inside] = np.array(chosen) * (np.float32(1) / total)
    return below - 1, table


def _keys(distance: float) -> float:
    """Return the value of Keys's kernel with a = -1/2 at a distance from 0 to 2 pixels."""
    if distance <= 1:
        return (1.5 * distance - 2.5) * distance * distance + 1
    return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
