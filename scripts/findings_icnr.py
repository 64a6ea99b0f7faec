"""Say what the initialiser of the up-sampling kernels does, and why, from results/quality/icnr.csv.

The experiment is `benchmarks.icnr`. Its four starts are two choices, each made in both ways: all phases of a kernel
start equal or drawn apart, and with ICNR's variance or Glorot's. The effect of one choice is the mean difference over
both ways of the other one.
"""

import statistics
from collections.abc import Mapping, Sequence

from scripts.comparisons import SOURCES
from scripts.findings_words import counted, sentence, with_interval
from scripts.markdown import table
from training.compare.report.verdict import listed
from training.compare.results.statistics import Difference, paired

Row = Mapping[str, str]

HEADING = "Does ICNR help?"
EFFECTS = {
    "ICNR against Glorot": ("start", ("icnr",), ("glorot",)),
    "equal phases": ("start", ("icnr", "icnr_small"), ("glorot_large", "glorot")),
    "the larger variance": ("start", ("icnr", "glorot_large"), ("icnr_small", "glorot")),
    "the transposed form": ("form", ("transpose",), ("subpixel",)),
}
"""Differences by what differs: the column that says it, and which of its values are compared with which others."""
EXPLANATION = (
    "ICNR differs from Glorot's initialiser in two things: all phases of a kernel start equal, and the kernel has the "
    "larger variance that fits the layer's own filters rather than r² times as many. Here twins were trained from four "
    "starts: each of the two choices, with and without the other. All other weights were equal, and each start was "
    "trained in sub-pixel and in transposed form. Effects are differences of PSNR in dB on validation pictures, with "
    "95 % intervals over the seeds, in bold if they do not contain zero; the effect of one choice is a mean over all "
    "others. To Adam, which trains `ae`, both forms of one start are the same numbers in another order. Muon, which "
    "trains super-resolution, takes a kernel for a matrix, and that of the transposed form has another shape. The last "
    "column is how much of the variance of ICNR's kernels is among phases after training, where 0 means that they are "
    "still equal and 1 - 1/r² is what independent phases have."
)


def section(rows: Sequence[Row]) -> list[str]:
    """Return the section of the page as lines; none without results."""
    if not rows:
        return []
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["source"]), []).append(row)
    effects: dict[str, dict[str, Difference]] = {what: {} for what in EFFECTS}
    cells = []
    for (model, source), group in groups.items():
        last, name = _last(group), f"`{model}`"
        for what, compared in EFFECTS.items():
            effects[what][name] = _effect(last, *compared)
        left = statistics.fmean(float(row["share_among_phases"]) for row in last if row["start"] == "icnr")
        steps = f"{max(int(row['step']) for row in group):,} steps"
        shown = [with_interval(each[name], 3) for each in effects.values()]
        cells.append([f"{name}, {SOURCES.get(source, source)}, {steps}", *shown, f"{left:.2f}"])
    said = {what: _said(each) for what, each in effects.items()}
    answer = sentence(f"ICNR {said['ICNR against Glorot']}, compared with Glorot")
    reasons = [sentence(f"having {what} {said[what]}") for what in ("equal phases", "the larger variance")]
    form = sentence(f"training the transposed form of the same start {said['the transposed form']}")
    seeds = counted(len({row["seed"] for row in rows}), "seed")
    limit = f"These are short trainings with {seeds}; what longer ones would show is not seen here."
    heads = f"network | {' | '.join(EFFECTS)} | variance among phases"
    text = " ".join([f"**{answer}**", *reasons, form, limit])
    return [f"## {HEADING}", "", text, "", EXPLANATION, "", table(heads, cells)]


def _said(effects: Mapping[str, Difference]) -> str:
    """Return what an effect did to each network, such as `gains 0.10 dB for x and was not shown to matter for y`."""
    found: dict[str, list[str]] = {"gains": [], "loses": []}
    unknown = []
    for name, effect in effects.items():
        if effect.significant:
            found["gains" if effect.mean > 0 else "loses"].append(f"{abs(effect.mean):.2f} dB for {name}")
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


def _effect(last: Sequence[Row], column: str, chosen: Sequence[str], others: Sequence[str]) -> Difference:
    def means(values: Sequence[str]) -> list[float]:
        return [
            statistics.fmean(float(row["psnr"]) for row in last if row["seed"] == seed and row[column] in values)
            for seed in seeds
        ]

    seeds = sorted({row["seed"] for row in last}, key=int)
    return paired(means(others), means(chosen))
