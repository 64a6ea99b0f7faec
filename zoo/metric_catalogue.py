"""Declare every metric that evaluations report: unit, direction, label, digits, meaning, and order of importance."""

from collections.abc import Iterable
from typing import NamedTuple

FLOOR = "_floor"
"""Suffix of a metric's floor: the value that pictures of the data reach, compared with samples."""


class Metric(NamedTuple):
    """Describe a metric.

    Attributes:
        name: its name in evaluations, on cards and in CSV files.
        label: its name in reports.
        unit: text to append to a value, with a leading space; empty for a metric without a unit.
        digits: number of decimals to show.
        larger_is_better: its direction.
        minor: whether reports leave it out and only the files have it, to keep the table short.
        meaning: what it measures.
    """

    name: str
    label: str
    unit: str
    digits: int
    larger_is_better: bool = True
    minor: bool = False
    meaning: str = ""

    def text(self, value: float) -> str:
        """Return a value as reports show it, without the unit."""
        return f"{value:.{self.digits}f}"


METRICS = {
    metric.name: metric
    for metric in (
        Metric("psnr_y", "PSNR (luma)", " dB", 3, meaning="peak signal-to-noise ratio of 8-bit luma, no border"),
        Metric("elbo", "ELBO", " nats", 2, meaning="evidence lower bound per picture"),
        Metric("log_likelihood", "log-likelihood", " nats", 2, meaning="importance-weighted estimate per picture"),
        Metric("psnr", "PSNR", " dB", 3, meaning="peak signal-to-noise ratio, peak 1"),
        Metric("psnr_rgb", "PSNR (RGB)", " dB", 3, meaning="peak signal-to-noise ratio of 8-bit RGB, no border"),
        Metric(
            "frechet", "Frechet distance", "", 2, False, meaning="distance between features of samples and pictures"
        ),
        Metric("kernel", "kernel distance", "", 4, False, meaning="squared maximum mean discrepancy of features"),
        Metric("precision", "precision", "", 3, meaning="share of samples that could be pictures, 0..1"),
        Metric("recall", "recall", "", 3, meaning="share of pictures that could be samples, 0..1"),
        Metric("confident", "sure", "", 3, meaning="share of samples that a classifier is sure of, 0..1"),
        Metric("accuracy", "accuracy", "", 4, meaning="share of pictures classified correctly, 0..1"),
        Metric("ssim_y", "SSIM (luma)", "", 4, meaning="structural similarity of 8-bit luma, no border"),
        Metric("ssim", "SSIM", "", 4, meaning="structural similarity, peak 1"),
        Metric("mse", "MSE", "", 5, False, meaning="mean squared error of pictures in 0..1"),
        Metric("spectral_distance", "spectral distance", " dB", 2, False, True, "difference of mean power spectra"),
        Metric("diversity", "diversity", "", 3, True, True, "spread of samples, relative to that of pictures"),
        Metric("cross_entropy", "cross-entropy", " nats", 4, False, meaning="negative log-probability of the label"),
        Metric("frechet_floor", "frechet floor", "", 4, False, True, "Frechet distance between two sets of pictures"),
        Metric("kernel_floor", "kernel floor", "", 4, False, True, "kernel distance between two sets of pictures"),
        Metric("confident_floor", "confident floor", "", 4, True, True, "share of pictures a classifier is sure of"),
        Metric("smallest_class", "smallest class", "", 4, True, True, "share of samples in the rarest class, 0..1"),
        Metric("largest_class", "largest class", "", 4, False, True, "share of samples in the commonest class, 0..1"),
        Metric("checkerboard", "checkerboard", "", 4, False, meaning="energy at its frequencies, a share in 0..1"),
    )
}
"""All metrics by name, the most important first."""

_MEASURED_SEPARATELY = ("checkerboard",)
"""Metrics of evaluations that comparisons leave out, because they measure them before training too."""


def metric(name: str) -> Metric:
    """Return the description of a metric; an unknown one counts as an error, of which smaller values are better."""
    return METRICS.get(name) or Metric(name, name.replace("_", " "), "", 4, False, name.endswith(FLOOR))


def ordered(names: Iterable[str]) -> list[str]:
    """Return the names of metrics that a comparison shows, the most important first and unknown ones last."""
    places = {name: place for place, name in enumerate(METRICS)}
    compared = [name for name in dict.fromkeys(names) if name not in _MEASURED_SEPARATELY]
    return sorted(compared, key=lambda name: places.get(name, len(places)))


def minor(name: str) -> bool:
    """Return whether reports leave a metric out."""
    return metric(name).minor
