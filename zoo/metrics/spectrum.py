"""Compute power spectra, where up-sampling leaves its trace (Durall et al. 2020, arXiv:2003.01826)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

_PICTURES_AT_ONCE = 64


class RadialSpectrum(NamedTuple):
    """Hold the power per spatial frequency.

    Attributes:
        frequency: `[k]`, centres of the rings in cycles per pixel: 0, 1/s, 2/s, ... up to the corner at about 0.7,
            where the checkerboard of period 2 lies; s is the pictures' shorter side.
        power: `[k]`, the mean power of a frequency in each ring, over all angles, pictures and channels.
        size: `[k]`, the number of frequencies in each ring.
    """

    frequency: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    size: npt.NDArray[np.int64]


def power_spectrum(pictures: tf.Tensor, *, without_mean: bool = False) -> tf.Tensor:
    """Return the power |F|^2 of the two-dimensional discrete Fourier transform F of each channel, not normalised.

    Args:
        pictures: float32 or float64 `[batch, height, width, channels]`.
        without_mean: subtract the mean of each channel first, so that there is no power at the frequency 0.

    Returns:
        `[batch, channels, height, width]` in the type of the pictures; the frequency 0 comes first.
    """
    planes = tf.transpose(pictures, (0, 3, 1, 2))
    if without_mean:
        planes -= tf.reduce_mean(planes, axis=(2, 3), keepdims=True)
    complex_type = tf.complex128 if planes.dtype == tf.float64 else tf.complex64
    return tf.square(tf.abs(tf.signal.fft2d(tf.cast(planes, complex_type))))


def radial_spectrum(pictures: npt.ArrayLike) -> RadialSpectrum:
    """Return the mean power spectrum of pictures, averaged over the angle (azimuthal integration).

    Power is |F|^2 / (h w)^2 of the discrete Fourier transform F, so that the sum of `power * size` is the mean square
    of the pictures, and white noise of variance v has v / (h w) in every ring.

    Args:
        pictures: `[n, height, width, channels]`.

    Raises:
        ValueError: the pictures are not a batch of at least one picture of 2x2.
    """
    values = np.asarray(pictures, np.float64)
    if values.ndim != 4 or min(values.shape) < 1 or min(values.shape[1:3]) < 2:
        raise ValueError(f"pictures of shape {values.shape}: give [n, height, width, channels], at least [1, 2, 2, 1]")
    height, width = values.shape[1:3]
    mean = np.zeros((height, width))
    # Float64 transforms are slow on a GPU and would take its memory from the training.
    with tf.device("CPU:0"):
        for start in range(0, len(values), _PICTURES_AT_ONCE):
            power = power_spectrum(tf.constant(values[start : start + _PICTURES_AT_ONCE])).numpy()
            mean += power.mean(1).sum(0)
    mean /= len(values) * (height * width) ** 2

    side = min(height, width)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    ring = np.rint(radius * side).astype(np.int64).ravel()
    size = np.bincount(ring)
    # Near the corner of a small picture a ring may hold no frequency.
    power = np.bincount(ring, mean.ravel()) / np.maximum(size, 1)
    return RadialSpectrum(np.arange(len(size)) / side, power, size)


def line_spectrum(pictures: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the mean power of the rows and columns of pictures, cropped to squares, per frequency along them.

    Power is |F|^2 / side of the one-dimensional transform F of a row or column without its mean. Unlike
    `radial_spectrum`, it shows a pattern in one direction at that pattern's own frequency.

    Args:
        pictures: `[n, height, width, channels]`.

    Returns:
        `[side // 2 + 1]` for the frequencies from 0 to 1/2 cycles per pixel; the side is the shorter of the pictures.
    """
    values = np.asarray(pictures, np.float64)
    side = min(values.shape[1:3])
    values = values[:, :side, :side]
    power = [
        (np.abs(np.fft.rfft(values - values.mean(axis, keepdims=True), axis=axis)) ** 2 / side).mean(
            tuple(other for other in range(4) if other != axis)
        )
        for axis in (1, 2)
    ]
    return np.mean(power, axis=0)
