"""Summarise the rows of runs: one row per twin and one row per pair."""

import statistics

from training.compare.results.records import Results, Row
from training.compare.results.statistics import (
    Difference,
    common_quality,
    deviation,
    effect_size,
    paired,
    steps_to_reach,
)
from zoo.metric_catalogue import metric

CHECKERBOARD = ("spectral", "imbalance", "constant")
MOMENTS = ("before", "after")
COST_COLUMNS = ("parameters", "multiply_adds", "forward_ms", "step_ms", "xla_ms", "litert_ms", "memory_mib")


def twin_rows(results: Results) -> list[Row]:
    """Return, for each twin, means over seeds, standard deviations of its metrics, and its costs."""
    reached = _steps(results)
    rows: list[Row] = []
    for twin in results.twins:
        row: Row = {"twin": twin.key, "label": twin.label, "fairness": twin.fairness, "model": twin.model}
        for name in results.facts["metrics"]:
            values = results.values(twin.key, name)
            row[f"{name}_mean"] = statistics.fmean(values) if values else None
            row[f"{name}_sd"] = deviation(values)
        row["steps_to_common_quality"] = reached[twin.key]
        for measure in CHECKERBOARD:
            for moment in MOMENTS:
                values = results.values(twin.key, f"{measure}_{moment}")
                row[f"{measure}_{moment}"] = statistics.fmean(values) if values else None
        row |= {name: results.cost(twin.key, name) for name in COST_COLUMNS}
        rows.append(row)
    return rows


def pair_rows(results: Results) -> list[Row]:
    """Return the difference second - first of every pair in every metric and in the checkerboard after training."""
    names = [*results.facts["metrics"], *(f"{measure}_after" for measure in CHECKERBOARD)]
    rows: list[Row] = []
    for pair in results.pairs:
        for name in names:
            first, second = results.values(pair.first, name), results.values(pair.second, name)
            if first and len(first) == len(second):
                gain = paired(first, second)
                columns = {"fairness": pair.fairness, "first": pair.first, "second": pair.second, "shows": pair.shows}
                rows.append({**columns, "metric": name, **_columns(gain), "effect": effect_size(first, second)})
    return rows


def difference(row: Row) -> Difference:
    """Return the difference in a row of `pair_rows`."""
    return Difference(row["difference"], row["low"], row["high"], row["seeds"])


def _columns(gain: Difference) -> Row:
    return {"difference": gain.mean, "low": gain.low, "high": gain.high, "seeds": gain.seeds}


def _steps(results: Results) -> dict[str, float | None]:
    """Return the mean steps to the quality that every run reaches, by twin; None if runs have too few evaluations."""
    tag, seeds = results.facts["score"], range(results.facts["seeds"])
    sign = 1 if metric(tag.partition("/")[2]).larger_is_better else -1
    curves = {
        (twin.key, seed): [(step, sign * value) for step, value in results.curve(twin.key, seed, tag)]
        for twin in results.twins
        for seed in seeds
    }
    if any(len(curve) < 2 for curve in curves.values()):
        return {twin.key: None for twin in results.twins}
    quality = common_quality(list(curves.values()))
    reached = {at: steps_to_reach(curve, quality) for at, curve in curves.items()}
    means: dict[str, float | None] = {}
    for twin in results.twins:
        steps = [reached[twin.key, seed] for seed in seeds]
        means[twin.key] = None if None in steps else statistics.fmean(step for step in steps if step is not None)
    return means
