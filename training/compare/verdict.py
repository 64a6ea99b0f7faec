"""What a comparison shows, in sentences made from its numbers."""

from collections.abc import Sequence

from training.compare.differences import paired
from training.compare.metrics import Metric, metric
from training.compare.plan import Twin
from training.compare.records import Results, Row
from training.compare.summaries import difference

# Below this the pattern is less than a tenth of the step between two grey levels of 8 bits.
_INVISIBLE = 0.1 / 255
_EQUAL_TIME = 1.05


def verdict(results: Results, twins: Sequence[Row], pairs: Sequence[Row]) -> list[str]:
    """Sentences, the answer first.

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
    sentences += _checkerboard(twins, labels)
    sentences += _speed(twins, labels)
    return sentences


def _answer(results: Results, twins: Sequence[Row], labels: dict[str, str], main: Metric | None) -> str:
    """Which up-sampler to take: the fastest of those that no other was shown to be better than."""
    field = _field(results)
    rows = {row["twin"]: row for row in twins if row["twin"] in {twin.key for twin in field}}
    if main is None or results.facts["seeds"] < 2:
        return (
            f"One seed ({results.facts['steps']:,} steps) cannot tell a difference from chance; the figures say "
            "what it gave. Take three seeds or more for an answer."
        )

    def better(one: str, other: str) -> bool:
        found = paired(results.values(other, main.name), results.values(one, main.name))
        return found.shown and (found.mean > 0) == main.larger_is_better

    good = [key for key in rows if not any(better(other, key) for other in rows)]
    fastest = min(good, key=lambda key: rows[key]["forward_ms"] or 0.0)
    times = {key: rows[key]["forward_ms"] for key in rows}
    others = [key for key in good if key != fastest]
    why = f"no other was shown to be better in {main.label}"
    if others:
        ratio = min(times[key] / times[fastest] for key in others)
        alike = ratio < _EQUAL_TIME
        why += f", and of {_listed([labels[key] for key in good])} it is " + (
            f"the fastest, though by less than {100 * (_EQUAL_TIME - 1):.0f} %" if alike else "the fastest"
        )
    budget = f"{results.facts['steps']:,} steps, {results.facts['seeds']} seeds, {results.facts['source']['name']}"
    return f"Take {labels[fastest]}: {why} ({budget})."


def _field(results: Results) -> list[Twin]:
    """The twins among which the answer chooses: from their own initialisers where those were compared."""
    chosen = results.pairs[0].fairness
    keys = {key for pair in results.pairs if pair.fairness == chosen for key in (pair.first, pair.second)}
    return [twin for twin in results.twins if twin.key in keys]


def _quality(results: Results, pairs: Sequence[Row], labels: dict[str, str], main: Metric) -> list[str]:
    sentences = []
    for setting in results.facts["fairness"]:
        told = [row for row in pairs if row["metric"] == main.name and row["fairness"] == setting]
        if told:
            clauses = [_clause(row, labels, main) for row in told]
            sentences.append(f"{_opening(results, setting)}: {'; '.join(clauses)}.")
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


def _clause(row: Row, labels: dict[str, str], main: Metric) -> str:
    found = difference(row)
    first, second = labels[row["first"]], labels[row["second"]]
    why = f" ({row['shows']})" if row["fairness"] == "mapped" else ""
    size = f"{found.mean:+.{main.digits}f}{main.unit}"
    if found.low is None or found.high is None:
        return f"{second} against {first}{why} {size} {main.label}"
    interval = f"{size}, {found.low:+.{main.digits}f} to {found.high:+.{main.digits}f}"
    if not found.shown:
        return f"no difference in {main.label} between {second} and {first}{why} ({interval})"
    better = (found.mean > 0) == main.larger_is_better
    return f"{second} is {'better' if better else 'worse'} than {first}{why} in {main.label} ({interval})"


def _checkerboard(twins: Sequence[Row], labels: dict[str, str]) -> list[str]:
    """Who shows a pattern before training and after, on a constant input."""
    known = [row for row in twins if row["constant_before"] is not None]
    if not known:
        return []
    parts = []
    for moment, words in (("before", "Before training"), ("after", "After training")):
        clean = [row for row in known if row[f"constant_{moment}"] < _INVISIBLE]
        other = [row for row in known if row[f"constant_{moment}"] >= _INVISIBLE]
        said = []
        if clean:
            names = _listed([labels[row["twin"]] for row in clean])
            said.append(f"{names} {'enlarges' if len(clean) == 1 else 'enlarge'} constant features without a pattern")
        if other:
            grey = [f"{labels[row['twin']]} by {255 * row[f'constant_{moment}']:.1f}" for row in other]
            said.append(f"a checkerboard shows in {_listed(grey)} grey levels of 255")
        parts.append(f"{words}, " + "; ".join(said) + ".")
    return [" ".join(parts)]


def _speed(twins: Sequence[Row], labels: dict[str, str]) -> list[str]:
    def compared(column: str) -> str:
        known = [row for row in twins if row[column]]
        quick = min(known, key=lambda row: row[column])
        slow = max(known, key=lambda row: row[column])
        if slow[column] < _EQUAL_TIME * quick[column]:
            return "all take the same time within 5 %"
        ratio = slow[column] / quick[column]
        return f"{labels[quick['twin']]} is the fastest and {labels[slow['twin']]} takes {ratio:.2f} times as long"

    names = {"forward_ms": "Forward", "step_ms": "in a training step", "xla_ms": "under XLA", "litert_ms": "in LiteRT"}
    told = [f"{words}, {compared(column)}" for column, words in names.items() if any(row[column] for row in twins)]
    if not told:
        return []
    missing = "" if any(row["litert_ms"] for row in twins) else " LiteRT is not installed, so it was not measured."
    return ["; ".join(told) + "." + missing]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
