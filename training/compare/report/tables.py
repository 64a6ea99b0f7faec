"""The one table of a comparison, as columns that HTML and Markdown show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.compare.results.records import Results, Row
from zoo.metric_catalogue import FLOOR, metric, minor

HEADINGS = {
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "forward_ms": "forward ms",
    "step_ms": "step ms",
    "xla_ms": "XLA ms",
    "litert_ms": "LiteRT ms",
    "memory_mib": "memory MiB",
}


@dataclass(frozen=True)
class Column:
    """Hold a heading, the name of the number that it sorts by, and the text of a row's cell."""

    heading: str
    sorts_by: str
    text: Callable[[Row], str]


def columns(results: Results, rows: Sequence[Row]) -> list[Column]:
    """Return the columns after the twin's name; a column without a number in any row is left out."""
    metrics = [name for place, name in enumerate(results.facts["metrics"]) if place == 0 or not minor(name)]
    candidates = [_of_metric(name, results.facts["seeds"], rows) for name in metrics]
    candidates.append(Column("steps to equal quality", "steps_to_common_quality", _whole("steps_to_common_quality")))
    candidates.append(Column("spectral, before / after", "spectral_after", _moments("spectral", 100)))
    candidates.append(Column("imbalance, before / after", "imbalance_after", _moments("imbalance", 255)))
    candidates.append(Column("constant, before / after", "constant_after", _moments("constant", 255)))
    for name in ("parameters", "multiply_adds"):
        candidates.append(Column(HEADINGS[name], name, _whole(name) if name == "parameters" else _amount(name)))
    candidates += [
        Column(HEADINGS[name], name, _number(name, 2)) for name in ("forward_ms", "step_ms", "xla_ms", "litert_ms")
    ]
    candidates.append(Column(HEADINGS["memory_mib"], "memory_mib", _whole("memory_mib")))
    return [column for column in candidates if any(row[column.sorts_by] is not None for row in rows)]


def _of_metric(name: str, seeds: int, rows: Sequence[Row]) -> Column:
    quantity = metric(name)
    # Pictures of the data reach this value, whatever the twin.
    floor = rows[0].get(f"{name}{FLOOR}_mean")
    reached = "" if floor is None else f" (data {quantity.text(floor)})"

    def text(row: Row) -> str:
        mean, spread = row[f"{name}_mean"], row[f"{name}_sd"]
        return "" if mean is None else quantity.text(mean) + (f" ± {quantity.text(spread)}" if seeds > 1 else "")

    return Column(quantity.label + quantity.unit + reached, f"{name}_mean", text)


def _whole(name: str) -> Callable[[Row], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:,.0f}"


def _number(name: str, digits: int) -> Callable[[Row], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:.{digits}f}"


def _amount(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name] / 1e9:.2f} G" if row[name] >= 1e9 else f"{row[name] / 1e6:.2f} M"


def _moments(measure: str, factor: float) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        values = [row[f"{measure}_{moment}"] for moment in ("before", "after")]
        return " / ".join("" if value is None else f"{factor * value:.2f}" for value in values)

    return text
