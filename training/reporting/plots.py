"""Draw plots as PNG bytes, and the plot of spectra."""

import io
import itertools
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from zoo.metrics import RadialSpectrum

# Okabe and Ito's colours without black, which colour-blind readers can distinguish, and two more.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933", "#882255")
DATA_COLOUR = "black"


def png(draw: "Callable[[Axes], bool]") -> bytes:
    """Return a PNG of one pair of axes, or empty bytes if `draw` returns that there was nothing to draw."""
    # On first use matplotlib logs that it builds its font cache, or that it has no writable folder for it.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    if not draw(axes):
        return b""
    content = io.BytesIO()
    figure.savefig(content, dpi=110, metadata={"Software": None})
    return content.getvalue()


def draw_spectra(axes: "Axes", data: "RadialSpectrum", samples: "Mapping[str, RadialSpectrum]", period: int) -> None:
    """Draw the power of the data and of samples over the frequency (Durall et al. 2020, arXiv:2003.01826).

    Args:
        axes: to draw on.
        data: the spectrum of real pictures.
        samples: spectra of samples by their label.
        period: of the checkerboard, whose frequencies are marked.
    """
    drawn = (data.size > 0) & (data.frequency > 0)
    for (label, spectrum), colour in zip(samples.items(), itertools.cycle(COLOURS), strict=False):
        axes.plot(data.frequency[drawn], spectrum.power[drawn], color=colour, label=label, lw=1.4)
    axes.plot(data.frequency[drawn], data.power[drawn], color=DATA_COLOUR, label="data", lw=1.4, ls="--")
    mark(axes, checkerboard_radii(period))
    axes.set_yscale("log")
    axes.set(xlabel="cycles per pixel (dotted: checkerboard)", ylabel="mean power")
    axes.legend(frameon=False)


def checkerboard_radii(period: int) -> list[float]:
    """Return the distances from zero of a checkerboard's frequencies (a, b) / period, in cycles per pixel."""
    places = itertools.product(range(period // 2 + 1), repeat=2)
    return sorted({math.hypot(*place) / period for place in places} - {0.0})


def mark(axes: "Axes", frequencies: Iterable[float]) -> None:
    """Draw thin lines at some frequencies."""
    for frequency in frequencies:
        axes.axvline(frequency, color="grey", lw=0.8, ls=":")


def spectra(data: "RadialSpectrum", samples: "RadialSpectrum", period: int) -> bytes:
    """Return a PNG that compares the spectrum of samples with that of the data."""

    def draw(axes: "Axes") -> bool:
        draw_spectra(axes, data, {"samples": samples}, period)
        axes.set_title("Mean radial spectrum")
        return True

    return png(draw)
