"""Write one section per family: sentences on its comparisons, and one table."""

from collections.abc import Sequence
from itertools import groupby

from scripts.comparisons import REFERENCE, Comparison, upsamplers
from scripts.findings_words import EQUAL_TIME, between, counted, sentence
from scripts.markdown import table
from training.compare.report.verdict import listed, unbeaten
from training.compare.results.statistics import paired

KINDS = {
    "autoencoder": "an autoencoder",
    "vae": "a variational autoencoder",
    "generator": "a generator and its discriminator",
    "super-resolution": "super-resolution",
}


def sections(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the lines of all families' sections."""
    lines = []
    for family, group in groupby(comparisons, lambda each: each.family):
        compared = list(group)
        kind = compared[0].results.facts["kind"]
        lines += [f"### `{family}`, {KINDS.get(kind, kind)}", ""]
        lines += [part for each in compared for part in (verdict(each), "")]
        lines += [family_table(compared)]
    return lines


def verdict(each: Comparison) -> str:
    """Return which up-sampler to take in one comparison, by how much the others lose, and what each costs."""
    best = [key.partition("/")[2] for key in unbeaten(each.results, each.twins, each.main)]
    others = [name for name in upsamplers([each]) if each.value(name, "forward_ms") and name not in best]
    facts = each.results.facts
    budget = f"after {facts['steps']:,} steps with {counted(facts['seeds'], 'seed')}"
    parts = [f"**{each.setting}: take `{best[0]}`.**", _winners(each, best, budget), *_losses(each, best, others)]
    return " ".join([*parts, *_time(each, best[0])])


def _winners(each: Comparison, best: Sequence[str], budget: str) -> str:
    fastest, *alike = best
    label = each.main.label
    if not alike:
        return sentence(f"it has the best {label} {budget}")
    times = {name: each.value(name, "forward_ms") for name in best}
    nearly = [name for name in alike if times[name] < times[fastest] * (1 + EQUAL_TIME)]
    fast = f"is the fastest, with hardly a difference from {_names(nearly)}" if nearly else "is the fastest"
    shown = f"none of {_names(best)} was shown to be better in {label} than another"
    if len(best) == 2:
        shown = f"neither `{best[0]}` nor `{best[1]}` was shown to be better in {label} than the other"
    return sentence(f"{budget}, {shown}, and `{fastest}` {fast}")


def _losses(each: Comparison, best: Sequence[str], others: Sequence[str]) -> list[str]:
    """Say what each other up-sampler loses to the best of those that are better than it."""
    lost: dict[str, dict[str, float]] = {}
    for name in others:
        gains = {winner: _gain(each, name, winner) for winner in upsamplers([each]) if winner != name}
        shown = {winner: gain for winner, gain in gains.items() if gain > 0}
        winner = max((one for one in shown if one in best), key=shown.__getitem__, default=None)
        if winner:
            lost.setdefault(winner, {})[name] = shown[winner]
    digits = min(each.main.digits, 2)
    return [
        sentence(
            f"{_names(list(names))} {'loses' if len(names) == 1 else 'lose'} "
            f"{between(names.values(), digits)}{each.main.unit} to {_names([winner])}"
        )
        for winner, names in lost.items()
    ]


def _gain(each: Comparison, name: str, winner: str) -> float:
    """Return by how much an up-sampler was shown to be better than another; 0 if it was not."""
    values = [each.results.values(f"own/{one}", each.main.name) for one in (name, winner)]
    if not all(values):
        return 0.0
    gain = paired(*values)
    return max(0.0, gain.mean if each.main.larger_is_better else -gain.mean) if gain.significant else 0.0


def _time(each: Comparison, best: str) -> list[str]:
    times = {name: time for name in upsamplers([each]) if (time := each.value(name, "forward_ms"))}
    if best not in times or len(times) < 2:
        return []
    ratios = {name: time / times[best] for name, time in times.items() if name != best}
    slowest, fastest = max(ratios, key=ratios.__getitem__), min(ratios, key=ratios.__getitem__)
    text = f"a forward pass takes {times[best]:.1f} ms"
    if ratios[slowest] > 1 + EQUAL_TIME:
        text += f", {ratios[slowest]:.1f} times as long with `{slowest}`"
    if ratios[fastest] < 1 - EQUAL_TIME:
        text += f", and {ratios[fastest]:.2f} times as long with `{fastest}`"
    return [sentence(text)]


def _names(names: Sequence[str]) -> str:
    return listed([f"`{name}`" for name in names])


def family_table(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison and up-sampler of a family: quality, times and checkerboard."""
    main = comparisons[0].main
    rows = []
    for each in comparisons:
        for row in each.twins:
            if row["fairness"] != "own":
                continue
            name = row["twin"].partition("/")[2]
            pair = each.pair("own", row["twin"])
            quality = [each.main.text(row[f"{each.main.name}_{moment}"]) for moment in ("mean", "sd")]
            against = each.difference_text(pair).partition(";")[0] if pair else ("-" if name == REFERENCE else "")
            times = [f"{row[column]:.1f}" if row[column] else "" for column in ("forward_ms", "step_ms")]
            shares = [row[f"spectral_{moment}"] for moment in ("before", "after")]
            marks = " / ".join("" if share is None else f"{100 * share:.2f}" for share in shares).strip(" /")
            rows.append([each.setting, f"`{name}`", " ± ".join(quality), against, *times, marks])
    heads = (
        f"data|up-sampler|{main.label}{main.unit}|against `{REFERENCE}`|forward ms|training step ms|"
        "checkerboard %, before / after training"
    )
    return table(heads, rows, words=2)
