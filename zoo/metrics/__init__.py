"""Measure pictures, and the traces that up-sampling leaves in them; values are in 0..1 unless a docstring says."""

from zoo.system.quiet_tensorflow import import_tensorflow

# The modules below import TensorFlow.
import_tensorflow()

from zoo.metrics.checkerboard import (
    constant_response,
    excess_spectral_energy,
    excess_spectral_energy_of_samples,
    phase_imbalance,
)
from zoo.metrics.class_shares import ClassShares, class_shares
from zoo.metrics.frechet import Moments, frechet_distance, moments
from zoo.metrics.kernel_distance import kernel_distance
from zoo.metrics.picture_sets import FeatureFunction, compare_sets, features_of
from zoo.metrics.pictures import mse, psnr, ssim
from zoo.metrics.precision_recall import PrecisionRecall, precision_recall
from zoo.metrics.samples import diversity, sample_metrics, spectral_distance
from zoo.metrics.spectrum import RadialSpectrum, line_spectrum, power_spectrum, radial_spectrum
from zoo.metrics.super_resolution import super_resolution_metrics

__all__ = [
    "ClassShares",
    "FeatureFunction",
    "Moments",
    "PrecisionRecall",
    "RadialSpectrum",
    "class_shares",
    "compare_sets",
    "constant_response",
    "diversity",
    "excess_spectral_energy",
    "excess_spectral_energy_of_samples",
    "features_of",
    "frechet_distance",
    "kernel_distance",
    "line_spectrum",
    "moments",
    "mse",
    "phase_imbalance",
    "power_spectrum",
    "precision_recall",
    "psnr",
    "radial_spectrum",
    "sample_metrics",
    "spectral_distance",
    "ssim",
    "super_resolution_metrics",
]
