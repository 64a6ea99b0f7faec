"""Measures of pictures and of what up-sampling does to them. All values are in 0..1 unless said."""

from zoo.metrics.checkerboard import (
    constant_response,
    excess_spectral_energy,
    excess_spectral_energy_of_samples,
    phase_imbalance,
)
from zoo.metrics.multiply_adds import multiply_adds, super_resolution_multiply_adds
from zoo.metrics.pictures import mse, psnr, ssim
from zoo.metrics.super_resolution import super_resolution_metrics

__all__ = [
    "constant_response",
    "excess_spectral_energy",
    "excess_spectral_energy_of_samples",
    "mse",
    "multiply_adds",
    "phase_imbalance",
    "psnr",
    "ssim",
    "super_resolution_metrics",
    "super_resolution_multiply_adds",
]
