"""Measure reconstructed pictures, and check that a source's pictures can be measured."""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from training.errors import InputError
from training.tasks.task import Scalars
from zoo import metrics
from zoo.metrics.pictures import SSIM_WINDOW

if TYPE_CHECKING:
    from training.data import Source

QUALITY = ("psnr", "ssim", "mse")
"""Names of `measure_quality`'s metrics, without the checkerboard."""


def measure_quality(target: tf.Tensor, output: tf.Tensor, period: int) -> Scalars:
    """Return metrics of each picture, `[batch]` by name.

    Args:
        target: `[batch, height, width, channels]` in 0..1.
        output: the same shape.
        period: the total factor of the network's up-samplers, which is the period of their checkerboard.
    """
    return {
        "psnr": metrics.psnr(target, output),
        "ssim": metrics.ssim(target, output),
        "mse": metrics.mse(target, output),
        "checkerboard": metrics.excess_spectral_energy(target, output, period),
    }


def check_pictures(model: keras.Model, source: "Source") -> None:
    """Raise `InputError` where a model does not take the source's pictures, or they are too small for SSIM."""
    shape = tuple(model.input_shape[1:])
    check_shape(model.name, "takes", shape, source)
    if min(shape[:2]) < SSIM_WINDOW:
        raise InputError(
            f"pictures of {shape[0]}x{shape[1]} are too small: SSIM looks at {SSIM_WINDOW}x{SSIM_WINDOW}; "
            f"set image_size={-(-SSIM_WINDOW // 4) * 4} or more"
        )


def check_shape(name: str, verb: str, shape: tuple[int, ...], source: "Source") -> None:
    """Raise `InputError` where the pictures that a model takes or makes have another shape than the source's."""
    if shape != tuple(source.image_shape):
        raise InputError(
            f"{name} {verb} pictures of {'x'.join(map(str, shape))}, {source.name} has "
            f"{'x'.join(map(str, source.image_shape))}; leave model.image_shape to the source, or set image_size"
        )
