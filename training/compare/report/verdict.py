"""Say in sentences what a comparison shows, from its numbers."""

from collections.abc import Sequence

from training.compare.contest import Twin
from training.compare.results.records import Results, Row
from training.compare.results.statistics import paired
from training.compare.results.summaries import difference
from zoo.metric_catalogue import Metric, metric

# A tenth of the step between two grey levels of 8 bits.
_INVISIBLE = 0.1 / 255
_EQUAL_TIME = 1.05


def verdict(results: Results, twins: Sequence[Row], pairs: Sequence[Row]) -> list[str]:
    """Return sentences, the answer first.

    Args:
        results: of the comparison.
        twins: rows of `twin_rows`.
        pairs: rows of `pair_rows`.
    """
    labels = {twin.key: f"`{twin.label}`" for twin in results.twins}
    main = metric(results.facts["metrics"][0]) if results.facts["metrics"] else None
    sentences = [_answer(results, twins, labels, main)]
    if main:
        sentences += _quality(results, pairs, labels, main)
    keys = {twin.key for twin in _main_twins(results)}
    rows = [row for row in twins if row["twin"] in keys]
    return [*sentences, *_checkerboard(rows, labels), *_speed(rows, labels)]


def _answer(results: Results, twins: Sequence[Row], labels: dict[str, str], main: Metric | None) -> str:
    """Say which up-sampler to take, and why."""
    if main is None or results.facts["seeds"] < 2:
        return (
            f"One seed ({results.facts['steps']:,} steps) cannot tell a difference from chance: the numbers are "
            "those of that seed alone. Compare with three seeds or more for an answer."
        )
    best = unbeaten(results, twins, main)
    fastest, *others = best
    times = {row["twin"]: row["forward_ms"] for row in twins}
    why = f"no other was shown to be better in {main.label}"
    if others:
        ratio = min(times[key] / times[fastest] for key in others)
        alike = ratio < _EQUAL_TIME
        why += f", and of {listed([labels[key] for key in best])} it is " + (
            f"the fastest, though by less than {100 * (_EQUAL_TIME - 1):.0f} %" if alike else "the fastest"
        )
    budget = f"{results.facts['steps']:,} steps, {results.facts['seeds']} seeds, {results.facts['source']['name']}"
    return f"Take {labels[fastest]}: {why} ({budget})."


def unbeaten(results: Results, twins: Sequence[Row], main: Metric) -> list[str]:
    """Return the keys of the twins that no other was shown to be better than, the fastest first.

    Args:
        results: of a comparison with two seeds or more.
        twins: rows of `twin_rows`.
        main: the metric that decides which is better.
    """
    keys = [twin.key for twin in _main_twins(results)]
    times = {row["twin"]: row["forward_ms"] or 0.0 for row in twins}

    def better(one: str, other: str) -> bool:
        gain = paired(results.values(other, main.name), results.values(one, main.name))
        return gain.significant and (gain.mean > 0) == main.larger_is_better

    best = [key for key in keys if not any(better(other, key) for other in keys)]
    return sorted(best, key=times.__getitem__)


def _main_twins(results: Results) -> list[Twin]:
    """Return the twins that the answer chooses from: those of the first setting of fairness, which is `own` if any."""
    chosen = results.pairs[0].fairness
    keys = {key for pair in results.pairs if pair.fairness == chosen for key in (pair.first, pair.second)}
    return [twin for twin in results.twins if twin.key in keys]


def _quality(results: Results, pairs: Sequence[Row], labels: dict[str, str], main: Metric) -> list[str]:
    sentences = []
    for setting in results.facts["fairness"]:
        compared = [row for row in pairs if row["metric"] == main.name and row["fairness"] == setting]
        parts = []
        for first in dict.fromkeys(row["first"] for row in compared):
            rows = [row for row in compared if row["first"] == first]
            parts.append(f"against {labels[first]}{_why(rows)} {_outcomes(rows, labels, main)}")
        if parts:
            sentences.append(f"{_opening(results, setting)}, {main.label} {'; '.join(parts)}.")
    return sentences


def _opening(results: Results, setting: str) -> str:
    opening = {
        "own": "From their own initialisers",
        "mapped": "From the same function",
        "cost": "At equal multiply-adds",
    }[setting]
    seeds = results.facts["seeds"]
    how = f"{seeds} paired seeds, mean difference and its 95 % interval" if seeds > 1 else "one seed"
    return f"{opening} ({how})"


def _why(rows: Sequence[Row]) -> str:
    """Say what a difference between twins that start as one function shows."""
    return f" ({rows[0]['shows']})" if rows[0]["fairness"] == "mapped" else ""


def _outcomes(rows: Sequence[Row], labels: dict[str, str], main: Metric) -> str:
    """Say which differences to one twin were shown, and which were not."""
    outcomes: dict[str, list[str]] = {}
    for row in rows:
        gain = difference(row)
        size = f"{gain.mean:+.{main.digits}f}{main.unit}"
        if gain.low is None or gain.high is None:
            outcomes.setdefault("differs by", []).append(f"{size} for {labels[row['second']]}")
            continue
        better = (gain.mean > 0) == main.larger_is_better
        words = ("is better for" if better else "is worse for") if gain.significant else "shows no difference for"
        interval = f"{size}, {gain.low:+.{main.digits}f} to {gain.high:+.{main.digits}f}"
        outcomes.setdefault(words, []).append(f"{labels[row['second']]} ({interval})")
    return listed([f"{words} {listed(names)}" for words, names in outcomes.items()])


def _checkerboard(twins: Sequence[Row], labels: dict[str, str]) -> list[str]:
    """Say how strong the checkerboard is in outputs for pictures, and for constant features."""
    sentences = []
    known = [row for row in twins if row["spectral_before"] is not None]
    if known:
        shares = [
            f"{labels[row['twin']]} {100 * row['spectral_before']:.2f} % and {100 * row['spectral_after']:.2f} %"
            for row in known
        ]
        sentences.append(
            "Share of the output's energy at the checkerboard's frequencies that the data do not have, before and "
            f"after training: {listed(shares)}."
        )
    known = [row for row in twins if row["constant_after"] is not None]
    if known:
        clean = [labels[row["twin"]] for row in known if row["constant_after"] < _INVISIBLE]
        other = [
            f"{labels[row['twin']]} {255 * row['constant_after']:.1f}"
            for row in known
            if row["constant_after"] >= _INVISIBLE
        ]
        parts = [listed(other)] if other else []
        parts += [f"{listed(clean)} less than 0.1"] if clean else []
        sentences.append(
            "Pattern in the output for constant features, after training, as standard deviation in grey levels of "
            f"255: {'; '.join(parts)}."
        )
    return sentences


def _speed(twins: Sequence[Row], labels: dict[str, str]) -> list[str]:
    """Compare the times of a forward pass, a training step, XLA and LiteRT."""

    def compared(column: str) -> str:
        known = [row for row in twins if row[column]]
        fastest = min(known, key=lambda row: row[column])
        slowest = max(known, key=lambda row: row[column])
        if slowest[column] < _EQUAL_TIME * fastest[column]:
            return "all take the same time within 5 %"
        ratio = slowest[column] / fastest[column]
        return f"{labels[fastest['twin']]} is the fastest and {labels[slowest['twin']]} takes {ratio:.2f} times as long"

    names = {
        "forward_ms": "In a forward pass",
        "step_ms": "in a training step",
        "xla_ms": "under XLA",
        "litert_ms": "in LiteRT",
    }
    clauses = [f"{words}, {compared(column)}" for column, words in names.items() if any(row[column] for row in twins)]
    if not clauses:
        return []
    text = "; ".join(clauses) + "."
    if not any(row["litert_ms"] for row in twins):
        text += " There are no times for LiteRT."
    return [text]


def listed(words: Sequence[str]) -> str:
    """Return words with commas and an "and"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
