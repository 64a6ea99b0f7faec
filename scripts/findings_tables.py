"""Make the tables over all comparisons of twins."""

from collections.abc import Callable, Sequence

from scripts.comparisons import (
    GPU_MS,
    GPU_XLA_MS,
    REFERENCE,
    Comparison,
    checkerboard_range,
    ratio_range,
    upsamplers,
)
from scripts.findings_sentences import answer
from scripts.markdown import table
from training.compare.results.summaries import MOMENTS

TIMES = {
    "forward_ms": "forward",
    "step_ms": "training step",
    "xla_ms": "forward, XLA",
    "litert_ms": "forward, LiteRT",
    GPU_MS: "forward, GPU",
    GPU_XLA_MS: "forward, GPU, XLA",
}
GREY_LEVELS = 255


def which_one(comparisons: Sequence[Comparison]) -> str:
    """Return the README's table, one row per up-sampler, and the sentences below it."""
    headings = {
        "forward_ms": "forward time, CPU",
        GPU_XLA_MS: "forward time, GPU",
        "step_ms": "training time, CPU",
        "litert_ms": "LiteRT time",
    }
    # Leave out a device or a runtime that no comparison has measured.
    columns = [name for name in headings if ratio_range(comparisons, REFERENCE, name)]
    rows = []
    for name in upsamplers(comparisons):
        times = [ratio_range(comparisons, name, column) for column in columns]
        shares = [checkerboard_range(comparisons, name, moment) for moment in MOMENTS]
        rows.append(
            [f"`{name}`", _outcomes(comparisons, name), *times, *(f"{share} %" if share else "" for share in shares)]
        )
    heads = "|".join(["up-sampler", f"quality against `{REFERENCE}`", *(headings[name] for name in columns)])
    lines = [
        table(f"{heads}|checkerboard before training|after training", rows, words=2),
        f"Ranges over {len(comparisons)} comparisons. Times are divided by those of `{REFERENCE}`: above 1 is slower. "
        f"{_on_gpu(comparisons)}"
        "The checkerboard is the share of the energy at its frequencies that the data do not have.\n",
        answer(comparisons),
    ]
    return "\n".join(lines) + "\n"


def _on_gpu(comparisons: Sequence[Comparison]) -> str:
    names = sorted({each.gpu_name for each in comparisons} - {""})
    return f"On the GPU, {' and '.join(names)}, networks run under XLA, as Keras runs them there. " if names else ""


def _outcomes(comparisons: Sequence[Comparison], name: str) -> str:
    """Return how often an up-sampler was better, worse, or not shown to differ."""
    if name == REFERENCE:
        return "-"
    outcomes = [each.outcome(row) for each in comparisons if (row := each.pair("own", f"own/{name}"))]
    words = {"better": "better in", "worse": "worse in", "alike": "no difference in"}
    return ", ".join(f"{words[word]} {outcomes.count(word)}" for word in words if word in outcomes)


def quality(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison: the reference's quality, and the other up-samplers' differences from it."""
    names = upsamplers(comparisons)
    rows = []
    for each in comparisons:
        values = [each.value(REFERENCE, f"{each.main.name}_{moment}") for moment in ("mean", "sd")]
        pairs = [each.pair("own", f"own/{name}") for name in names[1:]]
        rows.append(
            [
                each.title,
                f"{each.main.label}{each.main.unit}, {'larger' if each.main.larger_is_better else 'smaller'} is better",
                " ± ".join(each.main.text(value) for value in values if value is not None),
                *("" if row is None else each.difference_text(row) for row in pairs),
            ]
        )
    return table(f"comparison|metric|{_heads(names)}", rows, words=2)


def _heads(names: Sequence[str]) -> str:
    return "|".join(f"`{name}`" for name in names)


def layer_and_initialiser(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison that separates the layer from its initialiser; empty if there is none."""
    effects = [
        ("the whole choice", "own", "own/transpose", None),
        ("the layer alone", "mapped", "mapped/transpose", f"own/{REFERENCE}"),
        ("the initialiser alone", "mapped", "mapped/transpose", "own/transpose"),
    ]
    rows = []
    for each in comparisons:
        pairs = [each.pair(fairness, second, first) for _, fairness, second, first in effects]
        if pairs[1]:
            cells = (each.difference_text(row) if row else "" for row in pairs)
            rows.append([f"{each.title}, {each.main.label}", *cells])
    return table("comparison|" + "|".join(head for head, *_ in effects), rows) if rows else ""


def equal_cost(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison whose widths were adjusted; empty if there is none."""
    names = upsamplers(comparisons)[1:]
    rows = []
    for each in comparisons:
        pairs = [each.pair("cost", f"cost/{name}") for name in names]
        if any(pairs):
            labels = [twin.label for twin in each.results.twins if twin.fairness == "cost"]
            cells = [each.difference_text(row) if row else "" for row in pairs]
            rows.append([f"{each.title}, {each.main.label}", "; ".join(labels), *cells])
    return table(f"comparison|widths|{_heads(names)}", rows, words=2) if rows else ""


def checkerboard(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison and measure, before and after training; empty if there is none."""
    measures: list[tuple[str, str, float]] = [
        ("constant", "constant features, grey levels", GREY_LEVELS),
        ("imbalance", "phase means, grey levels", GREY_LEVELS),
        ("spectral", "energy at m/r, %", 100),
    ]
    names = upsamplers(comparisons)
    rows = []
    for each in comparisons:
        for measure, label, factor in measures:
            cells = [_before_and_after(each, name, measure, factor) for name in names]
            if any(cells):
                rows.append([each.title, label, *cells])
    return table(f"comparison|pattern, before / after|{_heads(names)}", rows, words=2) if rows else ""


def _before_and_after(each: Comparison, name: str, measure: str, factor: float) -> str:
    values = [each.value(name, f"{measure}_{moment}") for moment in MOMENTS]
    cells = ["" if value is None else f"{factor * value:.2f}" for value in values]
    return " / ".join(cells) if any(cells) else ""


def times(comparisons: Sequence[Comparison]) -> str:
    """Return one row per comparison and kind of time: milliseconds of the reference, and ratios to it."""
    names = upsamplers(comparisons)
    rows = []
    for each in comparisons:
        for column, label in TIMES.items():
            if reference := each.value(REFERENCE, column):
                ratios = [each.ratio(name, column) for name in names[1:]]
                cells = ("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
                rows.append([each.title, label, f"{reference:.2f} ms", *cells])
    return table(f"comparison|time|{_heads(names)}", rows, words=2) if rows else ""


SECTIONS: list[tuple[str, str, Callable[[Sequence[Comparison]], str]]] = [
    (
        "Quality",
        "Mean and standard deviation of `subpixel` over seeds. For the other up-samplers: the mean paired difference "
        "from `subpixel`, its 95 % interval (Student's t over seeds), and Cohen's d, which is the difference divided "
        "by the pooled standard deviation over seeds. Bold: the interval does not contain zero. With three seeds only "
        "large differences can be distinguished from chance, and one interval in twenty is expected to be wrong.",
        quality,
    ),
    (
        "The layer or its initialiser?",
        "`subpixel` and `transpose` can represent the same functions. They differ in their initialiser (ICNR or "
        "Glorot) and in the order of their sums. To separate the two, `transpose` was also started as the same "
        "function as `subpixel`.",
        layer_and_initialiser,
    ),
    (
        "At equal multiply-adds",
        "Differences from `subpixel` after widths are adjusted until the multiply-adds agree within 2 percent.",
        equal_cost,
    ),
    (
        "Checkerboard",
        "Means over seeds. The first measure concerns the up-sampler alone: its output for constant features. The "
        "other two concern the network's output: for a generator its samples, without the energy that validation "
        "pictures have too; for other networks the difference between output and target on validation pictures.",
        checkerboard,
    ),
    (
        "Time",
        "Medians of interleaved runs. For the other up-samplers: the time divided by that of `subpixel`; above 1 is "
        "slower.",
        times,
    ),
]
"""Heading, introduction and table of each section of docs/findings.md."""
