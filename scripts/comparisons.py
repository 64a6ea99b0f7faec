"""Read the comparisons of twins in results/quality/compare/ and look up their numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from scripts.findings_words import with_interval
from training.compare.report.plots import plots
from training.compare.results import records
from training.compare.results.records import Results, Row
from training.compare.results.summaries import difference, pair_rows, twin_rows
from zoo.metric_catalogue import Metric, metric
from zoo.models import parse_name
from zoo.system.files import read_csv

REFERENCE = "subpixel"
GPU_MS, GPU_XLA_MS = "gpu_ms", "gpu_xla_ms"
"""Columns of a forward pass on a GPU, without XLA and with it, beside those of twins.csv."""
SOURCES = {"mnist": "MNIST", "cifar10": "CIFAR-10", "t91+bsds400": "T91+BSDS400"}


@dataclass(frozen=True)
class Comparison:
    """Hold a comparison, its rows, and the metric by which its task is judged.

    Attributes:
        results: everything that was measured.
        twins: rows of twins.csv.
        pairs: rows of pairs.csv.
        main: the metric.
        gpu: milliseconds by up-sampler and one of the columns of a GPU; empty if no GPU measured the networks.
        gpu_name: of that GPU.
    """

    results: Results
    twins: list[Row]
    pairs: list[Row]
    main: Metric
    gpu: Mapping[tuple[str, str], float] = field(default_factory=dict)
    gpu_name: str = ""

    @property
    def title(self) -> str:
        """Return a name such as `ae` on MNIST, in Markdown."""
        source = self.results.facts["source"]["name"]
        return f"`{self.results.facts['name']}` on {SOURCES.get(source, source)}"

    @property
    def family(self) -> str:
        """Return the family's name."""
        return parse_name(self.twins[0]["model"]).family.name

    @property
    def setting(self) -> str:
        """Return scale and source, such as x3, T91+BSDS400."""
        scale, source = self.results.facts["scale"], self.results.facts["source"]["name"]
        return f"x{scale}, {SOURCES.get(source, source)}" if scale else SOURCES.get(source, source)

    @property
    def slug(self) -> str:
        """Return a name for files."""
        return f"{self.results.folder.parent.name}_{self.results.folder.name}"

    @cached_property
    def plots(self) -> dict[str, bytes]:
        """Return the plots as PNG, by name."""
        return plots(self.results, self.twins)

    def value(self, upsampler: str, column: str) -> float | None:
        """Return a cost or a mean of an up-sampler from its own initialiser; None if it was not measured."""
        if column in (GPU_MS, GPU_XLA_MS):
            return self.gpu.get((upsampler, column))
        return next((row[column] for row in self.twins if row["twin"] == f"own/{upsampler}"), None)

    def ratio(self, upsampler: str, column: str) -> float | None:
        """Return an up-sampler's time divided by that of the reference; None if one of them was not measured."""
        time, reference = self.value(upsampler, column), self.value(REFERENCE, column)
        return time / reference if time and reference else None

    def pair(self, fairness: str, second: str, first: str | None = None) -> Row | None:
        """Return the difference of two twins in the main metric; None if they were not compared.

        Args:
            fairness: what was held equal between the twins.
            second: key of the twin that is compared.
            first: key of the twin it is compared with; by default the reference, under any fairness.
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

    def outcome(self, row: Row) -> str:
        """Return `better`, `worse`, or `alike` if no difference was shown, for the second twin of a pair."""
        if not difference(row).significant:
            return "alike"
        return "better" if (row["difference"] > 0) == self.main.larger_is_better else "worse"

    def amount(self, size: float) -> str:
        """Return the size of a difference in the main metric, without its sign, for a sentence."""
        return f"{abs(size):.{min(self.main.digits, 2)}f}{self.main.unit}"

    def size_text(self, row: Row) -> str:
        """Return a difference as a number with its unit."""
        return f"{row['difference']:+.{self.main.digits}f}{self.main.unit}"

    def difference_text(self, row: Row) -> str:
        """Return a difference, its interval, and its size in standard deviations; bold if a difference was shown."""
        effect = "" if row["effect"] is None else f"; {row['effect']:+.1f}"
        return with_interval(difference(row), self.main.digits) + effect


def read_comparisons(folder: Path, gpu: Path | None = None) -> list[Comparison]:
    """Return all comparisons in a folder that have two seeds or more.

    Args:
        folder: of comparisons.
        gpu: what `benchmarks.networks_gpu` wrote.
    """
    times: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    measured = read_csv(gpu) if gpu and gpu.is_file() else []
    for row in measured:
        column = GPU_XLA_MS if row["xla"] == "True" else GPU_MS
        times.setdefault((row["networks"], row["source"]), {})[row["upsampler"], column] = float(row["forward_ms"])
    comparisons = []
    for path in records.all_in(folder):
        results = records.read(path)
        if results.facts["seeds"] < 2:
            continue
        main = metric(results.facts["metrics"][0])
        on_gpu = times.get((results.facts["name"], results.facts["source"]["name"]), {})
        gpu_name = measured[0]["processor"] if on_gpu else ""
        comparisons.append(Comparison(results, twin_rows(results), pair_rows(results), main, on_gpu, gpu_name))
    return comparisons


def upsamplers(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the reference, then all other up-samplers that were compared."""
    return list(dict.fromkeys([REFERENCE, *(twin.upsampler for each in comparisons for twin in each.results.twins)]))


def range_text(values: Iterable[float], digits: int = 2) -> str:
    """Return the smallest and the largest of some values, or one number if they look the same."""
    ordered = sorted(values)
    low, high = (f"{value:.{digits}f}" for value in (ordered[0], ordered[-1]))
    return low if low == high else f"{low} to {high}"


def ratio_range(comparisons: Sequence[Comparison], upsampler: str, column: str) -> str:
    """Return the range of an up-sampler's time divided by that of the reference; empty if it was not measured."""
    ratios = [ratio for each in comparisons if (ratio := each.ratio(upsampler, column)) is not None]
    return range_text(ratios) if ratios else ""


def checkerboard_range(comparisons: Sequence[Comparison], upsampler: str, moment: str) -> str:
    """Return the range of the energy at the checkerboard's frequencies, in percent; empty if it was not measured.

    Args:
        comparisons: to look up.
        upsampler: name.
        moment: `before` or `after` training.
    """
    values = [each.value(upsampler, f"spectral_{moment}") for each in comparisons]
    measured = [100 * value for value in values if value is not None]
    return range_text(measured) if measured else ""
