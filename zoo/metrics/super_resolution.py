"""Measure as the super-resolution literature does: 8-bit pictures without a border of `scale` pixels."""

import numpy as np
import tensorflow as tf

from zoo.arrays import Array
from zoo.imaging import luma
from zoo.metrics.pictures import SSIM_WINDOW, psnr, ssim


def super_resolution_metrics(target: Array, output: Array, scale: int) -> dict[str, float]:
    """Return PSNR and SSIM on luma, and PSNR on RGB for colour pictures.

    Args:
        target: uint8 `[height, width, 1 or 3]`, the original.
        output: uint8 of the same shape, rounded.
        scale: width in pixels of the border that is not measured.

    Returns:
        `psnr_y` in dB; `ssim_y` if at least 11x11 pixels are left without the border; `psnr_rgb` in dB for colour
        pictures.

    Raises:
        ValueError: the shapes differ, or no pixel is left without the border.
    """
    if target.shape != output.shape or min(target.shape[:2]) <= 2 * scale:
        raise ValueError(
            f"a picture of {target.shape[0]}x{target.shape[1]} and its copy of {output.shape[0]}x{output.shape[1]} "
            f"cannot be measured without a border of {scale} pixels: they must be of one size, and larger than that"
        )
    inner = _inner(luma(target), luma(output), scale)
    values = {"psnr_y": float(psnr(*inner)[0])}
    if min(inner[0].shape[1:3]) >= SSIM_WINDOW:
        values["ssim_y"] = float(ssim(*inner)[0])
    if target.shape[-1] == 3:
        values["psnr_rgb"] = float(psnr(*_inner(target, output, scale))[0])
    return values


def _inner(target: Array, output: Array, border: int) -> list[tf.Tensor]:
    """Return both pictures without their borders, as float64 batches of one in 0..1."""
    return [
        tf.constant(picture[None, border:-border, border:-border].astype(np.float64) / 255.0)
        for picture in (target, output)
    ]
