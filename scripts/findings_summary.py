"""What all kept comparisons together show: sentences and tables made from their numbers."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scripts.markdown import table
from training.compare.report.plots import plots
from training.compare.report.verdict import listed, unbeaten
from training.compare.results import records
from training.compare.results.records import Results, Row
from training.compare.results.summaries import MOMENTS, difference, pair_rows, twin_rows
from zoo.metrics.catalogue import Metric, metric

REFERENCE = "subpixel"
SOURCES = {"mnist": "MNIST", "cifar10": "CIFAR-10", "t91+bsds400": "T91+BSDS400"}
TIMES = {"forward_ms": "forward", "step_ms": "training step", "xla_ms": "forward, XLA", "litert_ms": "forward, LiteRT"}
GREY_LEVELS = 255


@dataclass(frozen=True)
class Comparison:
    """A kept comparison, its rows, and the metric that its task is judged by."""

    results: Results
    twins: list[Row]
    pairs: list[Row]
    main: Metric

    @property
    def title(self) -> str:
        """Such as `ae` on MNIST, in Markdown."""
        source = self.results.facts["source"]["name"]
        return f"`{self.results.facts['name']}` on {SOURCES.get(source, source)}"

    @property
    def slug(self) -> str:
        """As a file's name has it."""
        return f"{self.results.folder.parent.name}_{self.results.folder.name}"

    @cached_property
    def plots(self) -> dict[str, bytes]:
        """PNG by name."""
        return plots(self.results, self.twins)

    def value(self, upsampler: str, column: str) -> float | None:
        """A cost or a mean of an up-sampler from its own initialiser; None where it was not compared or measured."""
        return next((row[column] for row in self.twins if row["twin"] == f"own/{upsampler}"), None)

    def pair(self, fairness: str, second: str, first: str | None = None) -> Row | None:
        """The difference in the main metric of two twins, by key; None where they were not compared.

        The first is by default the reference, under whatever fairness.
        """
        return next(
            (
                row
                for row in self.pairs
                if (row["metric"], row["fairness"], row["second"]) == (self.main.name, fairness, second)
                and (row["first"] == first or (first is None and row["first"].endswith(f"/{REFERENCE}")))
            ),
            None,
        )

    def size(self, row: Row) -> str:
        """A difference as a number with its unit."""
        return f"{row['difference']:+.{self.main.digits}f}{self.main.unit}"

    def told(self, row: Row) -> str:
        """A difference with its interval and its size in standard deviations; bold where it is one."""
        digits = self.main.digits
        size = f"{row['difference']:+.{digits}f} ({row['low']:+.{digits}f} to {row['high']:+.{digits}f})"
        effect = "" if row["effect"] is None else f"; {row['effect']:+.1f}"
        return (f"**{size}**" if difference(row).shown else size) + effect


def comparisons(folder: Path) -> list[Comparison]:
    """All that are kept, with two seeds or more."""
    found = []
    for path in sorted(folder.glob(f"*/*/{records.FACTS}")):
        results = records.read(path.parent)
        if results.facts["seeds"] < 2:
            continue
        main = metric(results.facts["metrics"][0])
        found.append(Comparison(results, twin_rows(results), pair_rows(results), main))
    return found


def in_short(kept: Sequence[Comparison]) -> list[str]:
    """The answers, and what differs between the up-samplers, in sentences."""
    sentences = [_answers(kept)]
    for name in _upsamplers(kept)[1:]:
        sentences += _against(kept, name)
    return [*sentences, *_initialiser_in_short(kept), *_checkerboard_in_short(kept)]


def _upsamplers(kept: Sequence[Comparison]) -> list[str]:
    """All that were compared, and before them the reference."""
    return list(dict.fromkeys([REFERENCE, *(twin.upsampler for each in kept for twin in each.results.twins)]))


def _answers(kept: Sequence[Comparison]) -> str:
    chosen: dict[str, list[str]] = {}
    for each in kept:
        best = unbeaten(each.results, each.twins, each.main)[0].partition("/")[2]
        chosen.setdefault(best, []).append(each.title)
    parts = [f"`{name}` for {listed(chosen[name])}" for name in sorted(chosen, key=lambda name: -len(chosen[name]))]
    return f"Take the fastest of those that no other was shown to be better than: {'; '.join(parts)}."


def _against(kept: Sequence[Comparison], name: str) -> list[str]:
    """What an up-sampler gains and loses beside the reference, where the two were compared."""
    said: dict[str, list[str]] = {"better": [], "worse": [], "alike": []}
    for each in kept:
        row = each.pair("own", f"own/{name}")
        if row is None:
            continue
        better = (row["difference"] > 0) == each.main.larger_is_better
        word = ("better" if better else "worse") if difference(row).shown else "alike"
        said[word].append(each.title if word == "alike" else f"{each.title} ({each.size(row)})")
    parts = [f"{word} for {listed(said[word])}" for word in ("better", "worse") if said[word]]
    parts += [f"no difference was shown for {listed(said['alike'])}"] if said["alike"] else []
    if not parts:
        return []
    times = []
    for column, where in _PLACES.items():
        if ratios := [ratio for each in kept if (ratio := _ratio(each, name, column)) is not None]:
            times.append(f"{_range(ratios, 2)} times as long {where}")
    taken = f" It takes {listed(times)}." if times else ""
    return [f"`{name}` beside `{REFERENCE}`: in quality {'; '.join(parts)}.{taken}"]


_PLACES = {"forward_ms": "forward", "step_ms": "in a training step", "litert_ms": "forward in LiteRT"}


def _range(values: Iterable[float], digits: int) -> str:
    found = sorted(values)
    low, high = (f"{value:.{digits}f}" for value in (found[0], found[-1]))
    return low if low == high else f"{low} to {high}"


def _ratio(each: Comparison, name: str, column: str) -> float | None:
    """Of an up-sampler's time to the reference's; None where one of them is not known."""
    time, reference = each.value(name, column), each.value(REFERENCE, column)
    return time / reference if time and reference else None


def _initialiser_in_short(kept: Sequence[Comparison]) -> list[str]:
    """What is left between the layers once they start as the same function, and what the initialiser does."""
    parts = []
    for each in kept:
        layer = each.pair("mapped", "mapped/transpose", f"own/{REFERENCE}")
        initialiser = each.pair("mapped", "mapped/transpose", "own/transpose")
        if layer and initialiser:
            told = [
                each.size(row) if difference(row).shown else f"no difference ({each.size(row)})"
                for row in (layer, initialiser)
            ]
            parts.append(f"{each.title} the layer alone makes {told[0]} and the initialiser alone {told[1]}")
    if not parts:
        return []
    start = f"Started as the function that `{REFERENCE}` starts as, `transpose` shows which is which"
    return [f"{start}: for {'; for '.join(parts)}."]


def _checkerboard_in_short(kept: Sequence[Comparison]) -> list[str]:
    """How much of the checkerboard there is before and after training, over all comparisons that measured it."""
    told: dict[str, list[str]] = {moment: [] for moment in MOMENTS}
    for name, moment in itertools.product(_upsamplers(kept), MOMENTS):
        values = [each.value(name, f"spectral_{moment}") for each in kept]
        if measured := [100 * value for value in values if value is not None]:
            told[moment].append(f"`{name}` {_range(measured, 2)}")
    if not all(told.values()):
        return []
    before, after = map(listed, told.values())
    return [
        "The checkerboard: percent of the energy at its frequencies that the data do not have, before training "
        f"{before}; after it {after}."
    ]


def quality(kept: Sequence[Comparison]) -> str:
    """One row a comparison: the reference, and what the others differ from it by."""
    names = _upsamplers(kept)
    rows = []
    for each in kept:
        values = [each.value(REFERENCE, f"{each.main.name}_{what}") for what in ("mean", "sd")]
        pairs = [each.pair("own", f"own/{name}") for name in names[1:]]
        rows.append(
            [
                each.title,
                f"{each.main.label}{each.main.unit}, {'larger' if each.main.larger_is_better else 'smaller'} is better",
                " ± ".join(each.main.text(value) for value in values if value is not None),
                *("" if row is None else each.told(row) for row in pairs),
            ]
        )
    return table(f"comparison|metric|`{REFERENCE}`|" + "|".join(f"`{name}`" for name in names[1:]), rows, words=2)


def layer_and_initialiser(kept: Sequence[Comparison]) -> str:
    """One row a comparison: the whole choice of a transposed twin, taken apart; empty where none did."""
    apart = [
        ("the whole choice", "own", "own/transpose", None),
        ("the layer alone", "mapped", "mapped/transpose", "own/subpixel"),
        ("the initialiser alone", "mapped", "mapped/transpose", "own/transpose"),
    ]
    rows = []
    for each in kept:
        pairs = [each.pair(fairness, second, first) for _, fairness, second, first in apart]
        if pairs[1]:
            rows.append([f"{each.title}, {each.main.label}", *(each.told(row) if row else "" for row in pairs)])
    return table("comparison|" + "|".join(head for head, *_ in apart), rows) if rows else ""


def equal_cost(kept: Sequence[Comparison]) -> str:
    """One row a comparison whose widths were adjusted; empty where there is none."""
    names = _upsamplers(kept)[1:]
    rows = []
    for each in kept:
        pairs = [each.pair("cost", f"cost/{name}") for name in names]
        if any(pairs):
            labels = [twin.label for twin in each.results.twins if twin.fairness == "cost"]
            told = [each.told(row) if row else "" for row in pairs]
            rows.append([f"{each.title}, {each.main.label}", "; ".join(labels), *told])
    heads = "|".join(f"`{name}`" for name in names)
    return table(f"comparison|widths|{heads}", rows, words=2) if rows else ""


def checkerboard(kept: Sequence[Comparison]) -> str:
    """One row a comparison and measure, before and after training."""
    measures: list[tuple[str, str, float]] = [
        ("constant", "constant features, grey levels", GREY_LEVELS),
        ("imbalance", "phase means, grey levels", GREY_LEVELS),
        ("spectral", "energy at m/r, %", 100),
    ]
    names = _upsamplers(kept)
    rows = []
    for each in kept:
        for measure, told, factor in measures:
            cells = [_moments(each, name, measure, factor) for name in names]
            if any(cells):
                rows.append([each.title, told, *cells])
    heads = "|".join(f"`{name}`" for name in names)
    return table(f"comparison|pattern, before / after|{heads}", rows, words=2) if rows else ""


def _moments(each: Comparison, name: str, measure: str, factor: float) -> str:
    values = [each.value(name, f"{measure}_{moment}") for moment in MOMENTS]
    told = ["" if value is None else f"{factor * value:.2f}" for value in values]
    return " / ".join(told) if any(told) else ""


def times(kept: Sequence[Comparison]) -> str:
    """One row a comparison and kind of time: milliseconds of the reference, and ratios to it."""
    names = _upsamplers(kept)
    rows = []
    for each in kept:
        for column, told in TIMES.items():
            if reference := each.value(REFERENCE, column):
                ratios = [_ratio(each, name, column) for name in names[1:]]
                cells = ("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
                rows.append([each.title, told, f"{reference:.2f} ms", *cells])
    heads = "|".join(f"`{name}`" for name in names[1:])
    return table(f"comparison|time|`{REFERENCE}`|{heads}", rows, words=2) if rows else ""


SECTIONS: list[tuple[str, str, Callable[[Sequence[Comparison]], str]]] = [
    (
        "Quality",
        "Mean and standard deviation over seeds of `subpixel`; of the others the mean paired difference to it, its "
        "95 % interval (Student's t over seeds), and Cohen's d, the difference in pooled standard deviations over "
        "seeds. Bold: the interval leaves out zero. With three seeds only large differences can be told from chance, "
        "and of twenty intervals one is expected to miss.",
        quality,
    ),
    (
        "The layer or its initialiser?",
        "`subpixel` and `transpose` can be the same function; what sets them apart are ICNR and the order of sums. So "
        "`transpose` was also started as the very function that `subpixel` starts as.",
        layer_and_initialiser,
    ),
    (
        "At equal multiply-adds",
        "Differences to `subpixel` once widths are adjusted until the work agrees within 2 percent.",
        equal_cost,
    ),
    (
        "Checkerboard",
        "Means over seeds. The first measure is the up-sampler's own, the others are of what the network makes of "
        "validation pictures: for a generator, of its samples, without the energy that validation pictures have too; "
        "else of the difference to the picture that is to come out.",
        checkerboard,
    ),
    (
        "Time",
        "Medians of interleaved runs; the ratio of each to `subpixel`, above 1 is slower.",
        times,
    ),
]
