"""Radial power spectrum, where up-sampling leaves its trace (Durall et al. 2020, arXiv:2003.01826)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class RadialSpectrum(NamedTuple):
    """Power by spatial frequency.

    Attributes:
        frequency: `[k]`, centres of the rings in cycles a pixel: 0, 1/s, 2/s, ... up to the corner at about 0.7, where
            the checkerboard of period 2 lies; s is the pictures' shorter side.
        power: `[k]`, the mean power of a frequency in each ring, over all angles, pictures and channels.
        size: `[k]`, how many frequencies each ring holds.
    """

    frequency: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    size: npt.NDArray[np.int64]


def radial_spectrum(pictures: npt.ArrayLike) -> RadialSpectrum:
    """The mean power spectrum of pictures, averaged over the angle (azimuthal integration).

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
    for picture in values:
        mean += np.mean(np.abs(np.fft.fft2(picture, axes=(0, 1))) ** 2, -1)
    mean /= len(values) * (height * width) ** 2

    side = min(height, width)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    ring = np.rint(radius * side).astype(np.int64).ravel()
    size = np.bincount(ring)
    # Near the corner a small picture may leave a ring without any frequency.
    power = np.bincount(ring, mean.ravel()) / np.maximum(size, 1)
    return RadialSpectrum(np.arange(len(size)) / side, power, size)
