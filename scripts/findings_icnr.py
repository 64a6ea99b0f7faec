"""Say what the initialiser of the up-sampling kernels does, and why, from results/quality/icnr.csv.

The experiment is `benchmarks.icnr`. Its four starts are two choices, each made in both ways: all phases of a kernel
start equal or drawn apart, and with ICNR's variance or Glorot's. The effect of one choice is the mean difference over
both ways of the other one.
"""

import statistics
from collections.abc import Mapping, Sequence

from scripts.comparisons import SOURCES
from scripts.findings_words import counted, sentence
from scripts.markdown import table
from training.compare.report.verdict import listed
from training.compare.results.statistics import Difference, paired

Row = Mapping[str, str]

HEADING = "Does ICNR help?"
EFFECTS = {
    "ICNR against Glorot": (("icnr",), ("glorot",)),
    "equal phases": (("icnr", "icnr_small"), ("glorot_large", "glorot")),
    "the larger variance": (("icnr", "glorot_large"), ("icnr_small", "glorot")),
}
"""Differences of starts, by what differs: the mean over some starts, minus the mean over others."""
EXPLANATION = (
    "ICNR differs from Glorot's initialiser in two things: all phases of a kernel start equal, and the kernel has the "
    "larger variance that fits the layer's own filters rather than r² times as many. Here twins were trained from four "
    "starts: each of the two choices, with and without the other. All other weights were equal, and each start was "
    "trained in sub-pixel and in transposed form. Columns two to four are differences of PSNR in dB on validation "
    "pictures, with 95 % intervals over the seeds, in bold if they do not contain zero; the effect of one choice is a "
    "mean over both ways of the other. The next is the largest difference between the two forms from the same start. "
    "The last is how much of the variance of ICNR's kernels is among phases after training, where 0 means that they "
    "are still equal and 1 - 1/r² is what independent phases have."
)


def section(rows: Sequence[Row]) -> list[str]:
    """Return the section of the page as lines; none without results."""
    if not rows:
        return []
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["source"]), []).append(row)
    lasts = {f"`{model}`": _last(group) for (model, _), group in groups.items()}
    effects = {what: {name: _effect(last, *starts) for name, last in lasts.items()} for what, starts in EFFECTS.items()}
    cells = []
    for (model, source), group in groups.items():
        last = _last(group)
        forms = max(abs(one - other) for one, other in _forms(last))
        left = statistics.fmean(float(row["share_among_phases"]) for row in last if row["start"] == "icnr")
        shown = [_text(each[f"`{model}`"]) for each in effects.values()]
        steps = f"{max(int(row['step']) for row in group):,} steps"
        cells.append([f"`{model}`, {SOURCES.get(source, source)}, {steps}", *shown, f"{forms:.3f}", f"{left:.2f}"])
    heads = f"network | {' | '.join(EFFECTS)} | sub-pixel and transposed | variance among phases"
    whole, *causes = effects.items()
    answer = sentence(f"ICNR {_said(whole[1], 'gains', 'loses')}, compared with Glorot")
    reasons = sentence("; ".join(f"having {what} {_said(each, 'gains', 'loses')}" for what, each in causes))
    seeds = counted(len({row["seed"] for row in rows}), "seed")
    limit = f"These are short trainings with {seeds}; what longer ones would show is not seen here."
    return [f"## {HEADING}", "", f"**{answer}** {reasons} {limit}", "", EXPLANATION, "", table(heads, cells)]


def _said(effects: Mapping[str, Difference], more: str, less: str) -> str:
    """Return what an effect did to each network, such as `gains 0.10 dB for x and was not shown to matter for y`."""
    found: dict[str, list[str]] = {more: [], less: []}
    unknown = []
    for name, effect in effects.items():
        if effect.significant:
            found[more if effect.mean > 0 else less].append(f"{abs(effect.mean):.2f} dB for {name}")
        else:
            unknown.append(name)
    parts = [f"{word} {listed(names)}" for word, names in found.items() if names]
    return listed([*parts, *([f"was not shown to matter for {listed(unknown)}"] if unknown else [])])


def _last(rows: Sequence[Row]) -> list[Row]:
    last: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = row["start"], row["form"], row["seed"]
        if key not in last or int(row["step"]) > int(last[key]["step"]):
            last[key] = row
    return list(last.values())


def _effect(last: Sequence[Row], starts: Sequence[str], others: Sequence[str]) -> Difference:
    seeds = sorted({row["seed"] for row in last}, key=int)
    return paired(*([_mean(last, seed, each) for seed in seeds] for each in (others, starts)))


def _mean(last: Sequence[Row], seed: str, starts: Sequence[str]) -> float:
    return statistics.fmean(float(row["psnr"]) for row in last if row["seed"] == seed and row["start"] in starts)


def _forms(last: Sequence[Row]) -> list[tuple[float, ...]]:
    pairs: dict[tuple[str, str], list[float]] = {}
    for row in last:
        pairs.setdefault((row["start"], row["seed"]), []).append(float(row["psnr"]))
    return [tuple(values) for values in pairs.values() if len(values) > 1]


def _text(effect: Difference) -> str:
    if effect.low is None:
        return f"{effect.mean:+.3f}"
    text = f"{effect.mean:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})"
    return f"**{text}**" if effect.significant else text
