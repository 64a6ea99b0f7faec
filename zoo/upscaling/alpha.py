"""Enlarge pictures with transparency: colours count by how visible they are."""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.imaging.transparency import largest_near
from zoo.upscaling.enlarger import BICUBIC_HALO, Enlarger, bicubic

if TYPE_CHECKING:
    from zoo.arrays import Array
    from zoo.upscaling.enlarger import Enlargement

# Below this alpha a pixel is invisible with 8 bits.
_INVISIBLE = 1 / 512


def weighing_alpha(enlarger: Enlarger) -> Enlarger:
    """Return an enlarger of grey and alpha, or of RGB and alpha, `[h, w, 2 or 4]`, made of one of grey and RGB.

    Alpha is enlarged bicubically, so that wholly transparent and wholly opaque areas stay so. Colours are those of
    `enlarger`, plus the difference that weighing by alpha makes when they are enlarged bicubically: the enlargement of
    their products with alpha, divided by the enlargement of alpha, less their own enlargement. Where alpha is the same
    all around, colours are exactly those of `enlarger`; with a bicubic one, they are everywhere the weighted mean.

    Reference:
        Porter and Duff 1984, Compositing Digital Images: only colours multiplied by alpha can be averaged.
    """
    interpolate = _unclipped(enlarger.scale)

    def run(window: "Array") -> "Array":
        colours, alpha = window[..., :-1], window[..., -1:]
        large, weight = enlarger.run(colours), interpolate(alpha)
        uneven = largest_near(alpha, BICUBIC_HALO) != _smallest_near(alpha, BICUBIC_HALO)
        if uneven.any():
            place = uneven.repeat(enlarger.scale, 0).repeat(enlarger.scale, 1)
            large = np.where(place, _as_type(large + _change(colours, alpha, weight, interpolate), large.dtype), large)
        return np.concatenate([large, _as_type(weight, large.dtype)], -1)

    # The products, the enlargements and their quotient are alive at once.
    largest_map = max(enlarger.largest_map, 4 * bicubic(enlarger.scale).largest_map)
    halo = None if enlarger.halo is None else max(enlarger.halo, BICUBIC_HALO)
    return dataclasses.replace(enlarger, halo=halo, largest_map=largest_map, run=run)


def _change(colours: "Array", alpha: "Array", weight: "Array", interpolate: "Enlargement") -> "Array":
    """Return by how much weighing by alpha, whose enlargement is `weight`, changes enlarged colours."""
    peak = _peak(colours.dtype)
    least = _INVISIBLE * peak
    weighted = interpolate(colours.astype(np.float32) * alpha) / np.maximum(weight, least)
    return np.where(weight > least, np.clip(weighted, 0, peak) - np.clip(interpolate(colours), 0, peak), 0)


def _as_type(values: "Array", dtype: "np.dtype[Any]") -> "Array":
    """Clip floats to the range of a type, and round them if it is one of integers."""
    values = np.clip(values, 0, _peak(dtype))
    return (np.rint(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)


def _peak(dtype: "np.dtype[Any]") -> float:
    """Return the value of white and of opaque."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def _smallest_near(values: "Array", reach: int) -> "Array":
    return -largest_near(-values.astype(np.int32 if np.issubdtype(values.dtype, np.integer) else values.dtype), reach)


# Tracing takes longer than enlarging a small picture.
@functools.cache
def _unclipped(scale: int) -> "Enlargement":
    """Return a function that enlarges `[h, w, 1 or 3]` bicubically; ratios of clipped values would be wrong."""
    import tensorflow as tf

    from zoo.imaging import enlarge

    def of_channels(count: int) -> tf.types.experimental.PolymorphicFunction:
        signature = [tf.TensorSpec((1, None, None, count), tf.float32)]
        return tf.function(lambda image: enlarge(image, scale), input_signature=signature, autograph=False)

    functions = {count: of_channels(count) for count in (1, 3)}
    return lambda window: functions[window.shape[-1]](tf.constant(window[None], tf.float32))[0].numpy()
