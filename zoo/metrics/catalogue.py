"""The names, units and directions of what is compared."""

from collections.abc import Iterable
from typing import NamedTuple


class Metric(NamedTuple):
    """How a metric is told.

    Attributes:
        name: as evaluations have it.
        label: as a reader has it.
        unit: behind the number, with its space, or empty.
        digits: after the point.
        larger_is_better: its direction.
    """

    name: str
    label: str
    unit: str
    digits: int
    larger_is_better: bool = True

    def text(self, value: float) -> str:
        """The number as the report shows it."""
        return f"{value:.{self.digits}f}"


_KNOWN = {
    metric.name: metric
    for metric in (
        Metric("psnr_y", "PSNR (luma)", " dB", 3),
        Metric("elbo", "ELBO", " nats", 2),
        Metric("log_likelihood", "log-likelihood", " nats", 2),
        Metric("psnr", "PSNR", " dB", 3),
        Metric("psnr_rgb", "PSNR (RGB)", " dB", 3),
        Metric("frechet", "Frechet distance", "", 2, False),
        Metric("kernel", "kernel distance", "", 4, False),
        Metric("precision", "precision", "", 3),
        Metric("recall", "recall", "", 3),
        Metric("confident", "sure", "", 3),
        Metric("accuracy", "accuracy", "", 4),
        Metric("ssim_y", "SSIM (luma)", "", 4),
        Metric("ssim", "SSIM", "", 4),
        Metric("mse", "MSE", "", 5, False),
        Metric("spectral_distance", "spectral distance", " dB", 2, False),
        Metric("diversity", "diversity", "", 3),
    )
}
# Measured anew for every twin, before training too.
_LEFT_OUT = ("checkerboard",)
FLOOR = "_floor"
# What samples are measured by beside their distances has no column, so that the table is read in a minute.
_MINOR = ("diversity", "spectral_distance", "smallest_class", "largest_class")


def metric(name: str) -> Metric:
    """What is known of a metric; an unknown one counts as an error, smaller is better."""
    return _KNOWN.get(name, Metric(name, name.replace("_", " "), "", 4, False))


def ordered(names: Iterable[str]) -> list[str]:
    """Metrics of evaluations, the one that matters most first."""
    places = list(_KNOWN)
    found = [name for name in dict.fromkeys(names) if name not in _LEFT_OUT]
    return sorted(found, key=lambda name: places.index(name) if name in places else len(places))


def minor(name: str) -> bool:
    """Whether a metric stands in the files only."""
    return name in _MINOR or name.endswith(FLOOR)
