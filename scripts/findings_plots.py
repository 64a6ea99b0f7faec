"""Draw the five plots over all comparisons, from the results in results/quality/compare/ alone."""

import io
import math
import statistics
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scripts.comparisons import REFERENCE, Comparison, upsamplers
from training.compare.results.summaries import MOMENTS
from training.reporting.plots import COLOURS
from zoo.metric_catalogue import metric

TIMES = {"forward_ms": "forward pass", "step_ms": "training step", "xla_ms": "forward pass, XLA", "litert_ms": "LiteRT"}
FLOOR = 1e-4
"""The smallest share that the logarithmic axis of the checkerboard shows, in percent of the energy: 0.01 %."""
COLUMNS = 3
EFFECTS = (
    ("the whole choice", "own", "own/transpose", f"own/{REFERENCE}"),
    ("the layer alone", "mapped", "mapped/transpose", f"own/{REFERENCE}"),
    ("the initial weights alone", "mapped", "own/transpose", "mapped/transpose"),
)


def plots(comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Return the plots by name; one with nothing to show is left out."""
    drawn: dict[str, Callable[[Sequence[Comparison]], Figure | None]] = {
        "quality": _quality,
        "time": _time,
        "checkerboard": _checkerboard,
        "curves": _curves,
        "initialiser": _initialiser,
    }
    figures = {name: draw(comparisons) for name, draw in drawn.items()}
    return {name: figure for name, figure in figures.items() if figure}


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG whose bytes depend on the picture alone."""
    content = io.BytesIO()
    figure.savefig(content, dpi=100, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return content.getvalue()


def _panels(count: int, height: float, columns: int = COLUMNS) -> tuple[Figure, list[Axes]]:
    """Return a figure with a number of panels, `columns` of them in a row."""
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(9.6, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    panels = figure.axes
    for panel in panels[count:]:
        panel.set_axis_off()
    return figure, panels[:count]


def _colours(comparisons: Sequence[Comparison]) -> dict[str, str]:
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(upsamplers(comparisons))}


def _plain(title: str) -> str:
    return title.replace("`", "")


def _interval(axes: Axes, place: float, row: dict[str, float], colour: str, sign: int) -> None:
    """Draw a difference with its 95 % interval; better is on the right."""
    ends = sorted((sign * row["low"], sign * row["high"]))
    axes.plot(ends, [place, place], color=colour, lw=2, solid_capstyle="butt")
    axes.plot([sign * row["difference"]], [place], "o", color=colour, ms=6)


def _differences(axes: Axes, each: Comparison, labels: Sequence[str]) -> None:
    """Give an axis of differences its line at zero, its labels and its unit."""
    axes.axvline(0, color="black", lw=1, ls=":")
    axes.margins(y=0.25)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(f"{each.main.label}{each.main.unit}: worse ← → better", fontsize=8)
    axes.set_title(_plain(each.title), fontsize=9)


def _quality(comparisons: Sequence[Comparison]) -> Figure | None:
    """Draw each comparison's differences in quality from the reference, with their intervals."""
    shown = [each for each in comparisons if any(row["fairness"] == "own" for row in _own(each))]
    if not shown:
        return None
    figure, panels = _panels(len(shown), 1.9)
    colours = _colours(comparisons)
    for panel, each in zip(panels, shown, strict=True):
        rows = _own(each)
        for place, row in enumerate(rows):
            _interval(panel, place, row, colours[_name(row)], 1 if each.main.larger_is_better else -1)
        _differences(panel, each, [_name(row) for row in rows])
    figure.suptitle(f"Quality against {REFERENCE}: mean difference over seeds, and its 95 % interval", fontsize=11)
    return figure


def _own(each: Comparison) -> list[dict[str, float]]:
    rows = (each.pair("own", f"own/{name}") for name in upsamplers([each])[1:])
    return [row for row in rows if row and row["low"] is not None]


def _name(row: dict[str, float]) -> str:
    return str(row["second"]).partition("/")[2]


def _time(comparisons: Sequence[Comparison]) -> Figure | None:
    """Draw the times of each comparison, divided by the reference's."""
    columns = [name for name in TIMES if any(each.ratio(REFERENCE, name) for each in comparisons)]
    if not columns:
        return None
    figure, panels = _panels(len(columns), 1.2 + 0.33 * len(comparisons), len(columns))
    colours = _colours(comparisons)
    for panel, column in zip(panels, columns, strict=True):
        for place, each in enumerate(comparisons):
            for name, colour in colours.items():
                if ratio := each.ratio(name, column):
                    panel.plot([ratio], [place], "o", color=colour, ms=7, alpha=0.9, label=name if place == 0 else None)
        panel.set_xscale("log")
        ticks = [0.7, 1, 1.5, 2, 3]
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
        panel.set_xticks([], minor=True)
        panel.axvline(1, color="black", lw=1, ls=":")
        panel.grid(axis="y", alpha=0.3)
        panel.margins(x=0.15, y=0.12)
        panel.set_yticks(range(len(comparisons)), [_plain(each.title) for each in comparisons])
        panel.tick_params(labelleft=panel is panels[0])
        panel.invert_yaxis()
        panel.set_title(TIMES[column], fontsize=10)
        panel.set_xlabel(f"times as long as {REFERENCE}", fontsize=8)
    _legend(figure, panels[0])
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)


def _checkerboard(comparisons: Sequence[Comparison]) -> Figure | None:
    """Draw the energy of the checkerboard before and after training, on a logarithmic axis."""
    measured = [each for each in comparisons if any(row["spectral_before"] is not None for row in each.twins)]
    if not measured:
        return None
    figure, panels = _panels(2, 1.2 + 0.33 * len(measured), 2)
    colours = _colours(comparisons)
    for panel, moment in zip(panels, MOMENTS, strict=True):
        for place, each in enumerate(measured):
            for number, (name, colour) in enumerate(colours.items()):
                share = each.value(name, f"spectral_{moment}")
                if share is not None:
                    # Points that would hide each other lie a little apart.
                    height = place + 0.14 * (number - (len(colours) - 1) / 2)
                    label = name if place == 0 else None
                    panel.plot([100 * max(share, FLOOR)], [height], "o", color=colour, ms=6, label=label)
        panel.set_xscale("log")
        panel.set_xlim(100 * FLOOR * 0.6, 160)
        ticks = [0.01, 0.1, 1, 10, 100]
        panel.set_xticks(ticks, ["≤ 0.01", *(f"{tick:g}" for tick in ticks[1:])])
        panel.set_xticks([], minor=True)
        panel.grid(axis="x", alpha=0.3)
        panel.set_yticks(range(len(measured)), [_plain(each.title) for each in measured])
        panel.tick_params(labelleft=panel is panels[0])
        panel.invert_yaxis()
        panel.set_title(f"{moment} training", fontsize=10)
        panel.set_xlabel("checkerboard, % of the output's energy", fontsize=8)
    _legend(figure, panels[0])
    return figure


def _curves(comparisons: Sequence[Comparison]) -> Figure | None:
    """Draw quality over steps, the mean over seeds."""
    figure, panels = _panels(len(comparisons), 2.2)
    colours = _colours(comparisons)
    for panel, each in zip(panels, comparisons, strict=True):
        facts = each.results.facts
        for name, colour in colours.items():
            curves = [dict(each.results.curve(f"own/{name}", seed, facts["score"])) for seed in range(facts["seeds"])]
            steps = sorted(set.intersection(*(set(curve) for curve in curves)))
            # The first evaluation, before training, would squeeze all others together.
            steps = [step for step in steps if step > 0]
            means = [statistics.fmean(curve[step] for curve in curves) for step in steps]
            if steps:
                panel.plot(steps, means, color=colour, lw=1.6, label=name)
        quantity = metric(facts["score"].partition("/")[2])
        panel.set_ylabel(f"{quantity.label}{quantity.unit}", fontsize=8)
        panel.set_xlabel("steps", fontsize=8)
        panel.grid(alpha=0.25)
        panel.set_title(_plain(each.title), fontsize=9)
    _legend(figure, panels[0])
    return figure


def _initialiser(comparisons: Sequence[Comparison]) -> Figure | None:
    """Draw the difference between the reference and its twin, and its two parts."""
    shown = [each for each in comparisons if each.pair("mapped", "mapped/transpose", f"own/{REFERENCE}")]
    if not shown:
        return None
    figure, panels = _panels(len(shown), 1.9, max(2, min(COLUMNS, len(shown))))
    for panel, each in zip(panels, shown, strict=True):
        direction = 1 if each.main.larger_is_better else -1
        labels = []
        for place, (label, fairness, second, first) in enumerate(EFFECTS):
            labels.append(label)
            # The files have the difference of the initial weights in the other direction.
            sign = direction
            row = each.pair(fairness, second, first)
            if row is None and (row := each.pair(fairness, first, second)):
                sign = -direction
            if row and row["low"] is not None:
                _interval(panel, place, row, COLOURS[place], sign)
        _differences(panel, each, labels)
    figure.suptitle(f"transpose against {REFERENCE}: from which part of the choice a difference comes", fontsize=11)
    return figure
