"""Plots as PNG bytes, and the one of spectra."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from zoo.metrics import RadialSpectrum

# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933", "#882255")
DATA = "black"


def png(draw: "Callable[[Axes], bool]") -> bytes:
    """What is drawn on one pair of axes; nothing where `draw` says that there was nothing to draw."""
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


def draw_spectra(axes: "Axes", data: "RadialSpectrum", made: "Mapping[str, RadialSpectrum]", period: int) -> None:
    """Power of the data and of what was made, over the frequency (Durall et al. 2020, arXiv:2003.01826).

    Args:
        axes: to draw on.
        data: of real pictures.
        made: of samples, by their label.
        period: of the checkerboard, whose frequencies are marked.
    """
    for number, (label, spectrum) in enumerate(made.items()):
        held = (spectrum.size > 0) & (spectrum.frequency > 0)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(spectrum.frequency[held], spectrum.power[held], color=colour, label=label, lw=1.4)
    held = (data.size > 0) & (data.frequency > 0)
    axes.plot(data.frequency[held], data.power[held], color=DATA, label="data", lw=1.4, ls="--")
    mark_checkerboard(axes, period)
    axes.set_yscale("log")
    axes.set(xlabel="cycles per pixel (dotted: m/r)", ylabel="mean power")
    axes.legend(frameon=False)


def mark_checkerboard(axes: "Axes", period: int) -> None:
    """Thin lines at the frequencies of a checkerboard, m/r up to one half."""
    for number in range(1, period // 2 + 1):
        axes.axvline(number / period, color="grey", lw=0.8, ls=":")


def spectra(data: "RadialSpectrum", samples: "RadialSpectrum", period: int) -> bytes:
    """Samples beside the data, as a PNG."""

    def draw(axes: "Axes") -> bool:
        draw_spectra(axes, data, {"samples": samples}, period)
        axes.set_title("Mean radial spectrum")
        return True

    return png(draw)
