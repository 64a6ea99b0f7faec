"""Summarise all comparisons of twins in sentences made from their numbers."""

from collections.abc import Sequence

from scripts.comparisons import REFERENCE, Comparison, upsamplers
from scripts.findings_words import counted, duration, in_words, sentence
from training.compare.report.verdict import listed, unbeaten
from training.compare.results.summaries import MOMENTS, difference

PLACES = {"forward_ms": "a forward pass", "step_ms": "a training step", "litert_ms": "a forward pass in LiteRT"}
VISIBLE = 0.01
"""From this share of the energy on, a checkerboard is counted as one."""


def in_short(comparisons: Sequence[Comparison]) -> list[str]:
    """Return which up-sampler to take, and what differs between up-samplers, one finding per paragraph."""
    paragraphs = [answer(comparisons)]
    for name in upsamplers(comparisons)[1:]:
        paragraphs += _against_reference(comparisons, name)
    return [*paragraphs, *layer_or_initialiser(comparisons), *checkerboard(comparisons)]


def answer(comparisons: Sequence[Comparison]) -> str:
    """Return which up-sampler to take for which family."""
    chosen: dict[str, list[str]] = {}
    for each in comparisons:
        best = unbeaten(each.results, each.twins, each.main)[0].partition("/")[2]
        chosen.setdefault(best, []).append(each.title)
    names = sorted(chosen, key=lambda name: -len(chosen[name]))
    why = "the fastest of those that no other was shown to be better than"
    if len(names) == 1:
        return f"Take `{names[0]}`: in {_all(comparisons)} it is {why}."
    parts = [f"`{name}` for {listed(chosen[name])}" for name in names]
    return f"No up-sampler is the best everywhere. Take {'; '.join(parts)}. Each is {why}."


def _all(comparisons: Sequence[Comparison]) -> str:
    return f"all {counted(len(comparisons), 'comparison')}" if len(comparisons) > 1 else "the one comparison there is"


def _against_reference(comparisons: Sequence[Comparison], name: str) -> list[str]:
    """Return a paragraph on quality and time of an up-sampler; none if it was not compared with the reference."""
    found: dict[str, list[str]] = {"better": [], "worse": [], "alike": []}
    for each in comparisons:
        if row := each.pair("own", f"own/{name}"):
            found[each.outcome(row)].append(f"{each.title} by {each.amount(row['difference'])}")
    total = sum(map(len, found.values()))
    if not total:
        return []
    parts = [
        f"{word} in {in_words(len(found[word]))} ({listed(found[word])})" for word in ("better", "worse") if found[word]
    ]
    same = len(found["alike"])
    if not parts:
        where = f"in {counted(total, 'comparison')}" if total > 1 else "in the one comparison of both"
        text = f"`{name}` was not shown to differ from `{REFERENCE}` in quality {where}"
    else:
        text = f"of {counted(total, 'comparison')}, `{name}` was {' and '.join(parts)}"
        text += (
            f"; no difference was shown in {'the other' if same == 1 else f'the other {in_words(same)}'}"
            if same
            else ""
        )
    return [" ".join([sentence(text), *_durations(comparisons, name)])]


def _durations(comparisons: Sequence[Comparison], name: str) -> list[str]:
    ratios = {
        what: [ratio for each in comparisons if (ratio := each.ratio(name, column)) is not None]
        for column, what in PLACES.items()
    }
    times = [duration(values, what, f"`{REFERENCE}`") for what, values in ratios.items() if values]
    if not times:
        return []
    first, *others = times
    return [sentence(listed([first, *(text.removesuffix(f" as with `{REFERENCE}`") for text in others)]))]


def layer_or_initialiser(comparisons: Sequence[Comparison]) -> list[str]:
    """Return a paragraph that separates the layer's effect from the initialiser's; none if it was not measured."""
    alike, parts = [], []
    weights: dict[str, list[str]] = {"better": [], "worse": [], "alike": []}
    for each in comparisons:
        layer = each.pair("mapped", "mapped/transpose", f"own/{REFERENCE}")
        initialiser = each.pair("mapped", "mapped/transpose", "own/transpose")
        if layer and initialiser:
            if difference(layer).significant:
                parts.append(f"for {each.title} `transpose` ended {each.outcome(layer)}, {each.size_text(layer)}")
            else:
                alike.append(each.title)
            outcome = each.outcome(initialiser)
            size = "" if outcome == "alike" else f"{each.amount(initialiser['difference'])} "
            weights[outcome].append(f"{size}for {each.title}")
    if not alike and not parts:
        return []
    start = f"where `transpose` started as the same function as `{REFERENCE}`"
    same = f"both ended equally good ({listed(alike)}), so that the layer itself makes no difference there"
    outcomes = "; ".join([*([same] if alike else []), *parts])
    words = {"better": "gained", "worse": "lost", "alike": "made no difference that was shown"}
    gains = [f"{words[outcome]} {listed(rows)}" for outcome, rows in weights.items() if rows]
    return [f"{sentence(f'{start}, {outcomes}')} The initial weights of `{REFERENCE}` (ICNR) {listed(gains)}."]


def checkerboard(comparisons: Sequence[Comparison]) -> list[str]:
    """Return a paragraph on the checkerboard before and after training; none if it was not measured."""
    most = {
        moment: {
            name: max(values)
            for name in upsamplers(comparisons)
            if (
                values := [
                    share for each in comparisons if (share := each.value(name, f"spectral_{moment}")) is not None
                ]
            )
        }
        for moment in MOMENTS
    }
    if not all(most.values()):
        return []
    clean = {name: share for name, share in most["before"].items() if share < VISIBLE}
    marked = {name: share for name, share in most["before"].items() if share >= VISIBLE}
    parts = []
    if marked:
        parts.append(f"a checkerboard with {_shares(marked)}")
    if clean:
        names = listed([f"`{name}`" for name in clean])
        parts.append(f"none to speak of with {names} (at most {100 * max(clean.values()):.2f} %)")
    left = max(most["after"].values())
    if left < VISIBLE:
        before = "Training removes it: afterwards no more than" if marked else "After training it is at most"
        after = f"{before} {100 * left:.2f} %{' is left' if marked else ''} with any up-sampler."
    else:
        after = f"After training, it has {_shares(most['after'])}."
    return [f"Measured as a share of the output's energy, an untrained network has {', and '.join(parts)}. {after}"]


def _shares(shares: dict[str, float]) -> str:
    return listed([f"`{name}` (up to {100 * share:.{0 if share >= 0.1 else 2}f} %)" for name, share in shares.items()])
