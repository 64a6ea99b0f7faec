"""Apply super-resolution networks to luma and to RGB; outputs are clipped, chroma is enlarged bicubically."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


def takes_luma(model: "keras.Model") -> bool:
    """Return whether a network enlarges luma `[b, h, w, 1]` instead of RGB `[b, h, w, 3]`."""
    return model.input_shape[-1] == 1


def enlarge_luma(model: "keras.Model", image: "tf.Tensor") -> "tf.Tensor":
    """Enlarge luma with a luma network.

    Args:
        model: takes and returns luma.
        image: `[b, h, w, 1]` in 0..1.

    Returns:
        `[b, scale * h, scale * w, 1]`, clipped to 0..1.
    """
    import tensorflow as tf

    return tf.clip_by_value(model(image, training=False), 0.0, 1.0)


def enlarge_rgb(model: "keras.Model", image: "tf.Tensor", scale: int) -> "tf.Tensor":
    """Enlarge RGB with a luma or an RGB network.

    Args:
        model: takes and returns luma or RGB.
        image: `[b, h, w, 3]` in 0..1.
        scale: factor of the network.

    Returns:
        RGB `[b, scale * h, scale * w, 3]`, clipped to 0..1.
    """
    import tensorflow as tf

    from zoo.imaging import enlarge, rgb_to_ycbcr, ycbcr_to_rgb

    if not takes_luma(model):
        return tf.clip_by_value(model(image, training=False), 0.0, 1.0)
    colours = rgb_to_ycbcr(image)
    luma = enlarge_luma(model, colours[..., :1])
    chroma = enlarge(colours[..., 1:], scale)
    return tf.clip_by_value(ycbcr_to_rgb(tf.concat([luma, chroma], -1)), 0.0, 1.0)
