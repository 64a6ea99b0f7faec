"""Measures of pictures and of what up-sampling does to them. All values are in 0..1 unless said."""

from zoo.metrics.checkerboard import excess_spectral_energy
from zoo.metrics.multiply_adds import multiply_adds
from zoo.metrics.pictures import mse, psnr, ssim

__all__ = ["excess_spectral_energy", "mse", "multiply_adds", "psnr", "ssim"]
