"""Measures of pictures and of what up-sampling does to them. All values are in 0..1 unless said."""

from zoo.metrics.checkerboard import excess_energy_of_set, excess_spectral_energy
from zoo.metrics.multiply_adds import multiply_adds, super_resolution_multiply_adds
from zoo.metrics.pictures import mse, psnr, ssim
from zoo.metrics.samples import diversity, sample_metrics, spectral_distance
from zoo.metrics.super_resolution import super_resolution_metrics

__all__ = [
    "diversity",
    "excess_energy_of_set",
    "excess_spectral_energy",
    "mse",
    "multiply_adds",
    "psnr",
    "sample_metrics",
    "spectral_distance",
    "ssim",
    "super_resolution_metrics",
    "super_resolution_multiply_adds",
]
