"""Draw the plots of a comparison, as PNG bytes."""

import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from training.compare.results.records import DATA, Results, Row
from training.reporting.plots import COLOURS, DATA_COLOUR, mark, png
from zoo.metric_catalogue import metric
from zoo.registry import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plots(results: Results, rows: Sequence[Row]) -> dict[str, bytes]:
    """Return PNG bytes by name: `quality`, `latency`, `spectra`; a plot with nothing to show is left out."""
    drawn: dict[str, Callable[[Axes], bool]] = {
        "quality": lambda axes: _quality(axes, results),
        "latency": lambda axes: _latency(axes, results, rows),
        "spectra": lambda axes: _spectra(axes, results),
    }
    contents = {name: png(draw) for name, draw in drawn.items()}
    return {name: content for name, content in contents.items() if content}


def _styles(results: Results) -> dict[str, tuple[str, str, str]]:
    """Return label, colour and line of each twin: one colour per up-sampler, one line per setting of fairness."""
    upsamplers = list(dict.fromkeys(twin.upsampler for twin in results.twins))
    lines = {"own": "-", "mapped": "--", "cost": ":"}
    return {
        twin.key: (
            twin.label,
            COLOURS[upsamplers.index(twin.upsampler) % len(COLOURS)],
            lines[twin.fairness],
        )
        for twin in results.twins
    }


def _quality(axes: "Axes", results: Results) -> bool:
    """Draw quality over steps, the mean of the seeds inside the band from the worst to the best."""
    tag = results.facts["score"]
    for key, (label, colour, line) in _styles(results).items():
        curves = [dict(results.curve(key, seed, tag)) for seed in range(results.facts["seeds"])]
        steps = sorted(set.intersection(*(set(curve) for curve in curves)))
        if not steps:
            return False
        values = [[curve[step] for curve in curves] for step in steps]
        axes.plot(steps, [statistics.fmean(row) for row in values], line, color=colour, label=label, marker=".")
        axes.fill_between(
            steps, [min(row) for row in values], [max(row) for row in values], color=colour, alpha=0.15, lw=0
        )
    quantity = metric(tag.partition("/")[2])
    axes.set(
        xlabel="steps",
        ylabel=f"{quantity.label}{quantity.unit}, validation",
        title="Quality over steps, band over seeds",
    )
    axes.legend(frameon=False)
    return True


def _latency(axes: "Axes", results: Results, rows: Sequence[Row]) -> bool:
    """Draw quality against the time of a forward pass, with the standard deviation over seeds."""
    if not results.facts["metrics"]:
        return False
    quantity = metric(results.facts["metrics"][0])
    styles = _styles(results)
    marks = {"own": "o", "mapped": "D", "cost": "s"}
    for row in rows:
        label, colour, _ = styles[row["twin"]]
        axes.errorbar(
            row["forward_ms"],
            row[f"{quantity.name}_mean"],
            yerr=row[f"{quantity.name}_sd"],
            fmt=marks[row["fairness"]],
            color=colour,
            capsize=3,
            label=label,
        )
    axes.set_xlim(left=0)
    axes.legend(frameon=False)
    axes.set(xlabel="milliseconds, forward", ylabel=quantity.label + quantity.unit, title="Quality against latency")
    return True


def _spectra(axes: "Axes", results: Results) -> bool:
    """Draw power by frequency after training, of residuals or of samples compared with the data."""
    styles = _styles(results)
    if any(row["twin"] == DATA for row in results.spectra):
        styles[DATA] = ("data", DATA_COLOUR, "--")
    for key, (label, colour, line) in styles.items():
        rows = [
            row for row in results.spectra if row["twin"] == key and row["when"] == "after" and row["frequency"] > 0
        ]
        if not rows:
            return False
        axes.plot([row["frequency"] for row in rows], [row["power"] for row in rows], line, color=colour, label=label)
    period = results.facts["period"]
    mark(axes, [number / period for number in range(1, period // 2 + 1)])
    subject = "residual" if KINDS[results.facts["kind"]].has_target else "samples"
    axes.set_yscale("log")
    axes.set(xlabel="cycles per pixel (dotted: m/r)", ylabel="power", title=f"Spectrum of the {subject}, first seed")
    axes.legend(frameon=False)
    return True
