"""Summarise all comparisons of twins in sentences made from their numbers."""

from collections.abc import Sequence

from scripts.comparisons import REFERENCE, Comparison, checkerboard_range, ratio_range, upsamplers
from training.compare.report.verdict import listed, unbeaten
from training.compare.results.summaries import MOMENTS, difference

PLACES = {
    "forward_ms": "in a forward pass",
    "step_ms": "in a training step",
    "litert_ms": "in a forward pass in LiteRT",
}


def in_short(comparisons: Sequence[Comparison]) -> list[str]:
    """Return which up-sampler to take, and what differs between up-samplers, one finding per sentence."""
    sentences = [answer(comparisons)]
    for name in upsamplers(comparisons)[1:]:
        sentences += _against_reference(comparisons, name)
    return [*sentences, *_layer_and_initialiser(comparisons), *_checkerboard(comparisons)]


def answer(comparisons: Sequence[Comparison]) -> str:
    """Return which up-sampler to take for which family."""
    chosen: dict[str, list[str]] = {}
    for each in comparisons:
        best = unbeaten(each.results, each.twins, each.main)[0].partition("/")[2]
        chosen.setdefault(best, []).append(each.title)
    parts = [f"`{name}` for {listed(chosen[name])}" for name in sorted(chosen, key=lambda name: -len(chosen[name]))]
    return f"Take the fastest up-sampler that no other was shown to be better than: {'; '.join(parts)}."


def _against_reference(comparisons: Sequence[Comparison], name: str) -> list[str]:
    """Return one sentence on quality and time of an up-sampler; none if it was not compared with the reference."""
    titles: dict[str, list[str]] = {"better": [], "worse": [], "alike": []}
    for each in comparisons:
        if row := each.pair("own", f"own/{name}"):
            outcome = each.outcome(row)
            titles[outcome].append(each.title if outcome == "alike" else f"{each.title} ({each.size_text(row)})")
    parts = [f"{outcome} for {listed(titles[outcome])}" for outcome in ("better", "worse") if titles[outcome]]
    quality = [f"quality is {'; '.join(parts)}"] if parts else []
    quality += [f"no difference in quality was shown for {listed(titles['alike'])}"] if titles["alike"] else []
    if not quality:
        return []
    ranges = {place: ratio_range(comparisons, name, column) for column, place in PLACES.items()}
    times = [f"{ratios} times as long {place}" for place, ratios in ranges.items() if ratios]
    duration = f" It takes {listed(times)}." if times else ""
    return [f"`{name}` compared with `{REFERENCE}`: {'; '.join(quality)}.{duration}"]


def _layer_and_initialiser(comparisons: Sequence[Comparison]) -> list[str]:
    """Return one sentence that separates the layer's effect from the initialiser's; none if it was not measured."""
    parts = []
    for each in comparisons:
        layer = each.pair("mapped", "mapped/transpose", f"own/{REFERENCE}")
        initialiser = each.pair("mapped", "mapped/transpose", "own/transpose")
        if layer and initialiser:
            effects = [
                each.size_text(row) if difference(row).significant else f"no difference ({each.size_text(row)})"
                for row in (layer, initialiser)
            ]
            parts.append(f"{each.title} the layer alone makes {effects[0]} and the initialiser alone {effects[1]}")
    if not parts:
        return []
    start = f"Starting `transpose` as the same function as `{REFERENCE}` separates the layer from its initialiser"
    return [f"{start}: for {'; for '.join(parts)}."]


def _checkerboard(comparisons: Sequence[Comparison]) -> list[str]:
    """Return one sentence on the checkerboard before and after training; none if it was not measured."""
    ranges = {
        moment: [
            f"`{name}` {percent}"
            for name in upsamplers(comparisons)
            if (percent := checkerboard_range(comparisons, name, moment))
        ]
        for moment in MOMENTS
    }
    if not all(ranges.values()):
        return []
    before, after = map(listed, ranges.values())
    return [
        "Energy at the checkerboard's frequencies that the data do not have, in percent: before training "
        f"{before}; after it {after}."
    ]
