"""Check a request to compare, and plan it: the twins, and which of them form a pair."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from training.compare.contest import FAIRNESS, ComparisonRequest, Pair, Twin
from training.compare.widths import equal_cost
from training.errors import InputError
from training.recipes import COMPARISON_SETTINGS, recipe_for
from training.runs.starting_weights import FRESH, FreshTwin
from training.tasks.architecture import architecture
from zoo.names import closest, remedy
from zoo.registry import Family

MAPPED = ("subpixel", "transpose")
_STEPS_PER_EVALUATION = 100


def check_request(
    families: Mapping[str, Family],
    family: str,
    *,
    scale: int | None = None,
    upsamplers: str | None = None,
    seeds: int = 3,
    fairness: str = "own",
    data: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> ComparisonRequest:
    """Check what the user asked for.

    Args:
        families: registered families by name.
        family: the name of a family with up-samplers.
        scale: of a super-resolution family.
        upsamplers: two or more, separated by commas; by default all of the family's.
        seeds: number of seeds.
        fairness: keys of `FAIRNESS`, separated by commas.
        data: a source as the user gave it; by default the recipe's.
        settings: fields of the recipe.

    Raises:
        InputError: says what was given, what is allowed and what to do.
    """
    known = sorted(name for name, entry in families.items() if entry.upsamplers)
    if family not in known:
        raise InputError(f"there is no family {family!r} with up-samplers{remedy(family, known)}")
    entry = families[family]
    if scale not in (entry.scales or (None,)):
        wanted = f"give SCALE={' or '.join(map(str, entry.scales))}" if entry.scales else "leave SCALE out"
        given = f"{family} has no scale {scale}" if scale else f"{family} enlarges by a scale"
        raise InputError(f"{given}; {wanted}")
    chosen = _listed("upsamplers", upsamplers, entry.upsamplers)
    if len(chosen) < 2:
        raise InputError(f"upsamplers={upsamplers}: a comparison needs two or more of {', '.join(entry.upsamplers)}")
    if seeds < 1:
        raise InputError(f"seeds={seeds} must be at least 1; with one seed no difference can be told from chance")
    under = _listed("fairness", fairness, tuple(FAIRNESS))
    if "mapped" in under and not set(MAPPED) <= set(chosen):
        raise InputError(f"fairness=mapped compares {' with '.join(MAPPED)}; both must be among the up-samplers")
    values = dict(settings or {})
    steps = values.setdefault("steps", recipe_for(entry, data, values).compare_steps)
    values = {**COMPARISON_SETTINGS.get(family, {}), **values, "steps": steps}
    request = ComparisonRequest(entry, scale, chosen, seeds, under, data, values)
    if "evaluations" in values:
        return request
    # Evaluations would take most of the time of a short run; five still show a curve.
    evaluations = min(request.recipe().evaluations, max(5, steps // _STEPS_PER_EVALUATION))
    return dataclasses.replace(request, settings={**values, "evaluations": evaluations})


def plan_twins(request: ComparisonRequest, image_shape: tuple[int, int, int]) -> tuple[list[Twin], list[Pair]]:
    """Return every twin and every pair of a comparison.

    Args:
        request: checked.
        image_shape: of the source's pictures.

    Raises:
        InputError: a setting of fairness makes no sense for the family.
    """
    planned: list[tuple[list[Twin], list[Pair]]] = []
    if "own" in request.fairness:
        planned.append(_own_twins(request))
    if "mapped" in request.fairness:
        planned.append(_mapped_twins(request, image_shape))
    if "cost" in request.fairness:
        planned.append(_equal_cost_twins(request, image_shape))
    # Settings of fairness may share a twin, which is trained once.
    twins: dict[str, Twin] = {}
    for twin in (twin for part, _ in planned for twin in part):
        twins.setdefault(twin.key, twin)
    return list(twins.values()), [pair for _, part in planned for pair in part]


def _reference(request: ComparisonRequest) -> tuple[str, list[str]]:
    """Return the up-sampler that the others are compared with, and the others."""
    reference = MAPPED[0] if MAPPED[0] in request.upsamplers else request.upsamplers[0]
    return reference, [name for name in request.upsamplers if name != reference]


def _own_twin(request: ComparisonRequest, upsampler: str) -> Twin:
    return Twin(f"own/{upsampler}", upsampler, "own", str(request.model(upsampler)))


def _own_twins(request: ComparisonRequest) -> tuple[list[Twin], list[Pair]]:
    """Return the twins that start from their own initialisers."""
    reference, others = _reference(request)
    twins = [_own_twin(request, name) for name in request.upsamplers]
    return twins, [Pair("own", f"own/{reference}", f"own/{name}", "the whole choice") for name in others]


def _mapped_twins(request: ComparisonRequest, image_shape: tuple[int, int, int]) -> tuple[list[Twin], list[Pair]]:
    """Return the twin that starts as the function of another, and both twins that start from their initialisers."""
    first, second = MAPPED
    key, label = f"mapped/{second}", f"{second} from {first}'s weights"
    mapped = Twin(key, label, "mapped", str(request.model(second)), init=f"{FRESH}{request.model(first)}")
    _check_map(request, mapped, image_shape)
    pairs = [
        Pair("mapped", f"own/{first}", key, "the layer alone"),
        Pair("mapped", f"own/{second}", key, "the initialiser alone"),
    ]
    return [mapped, _own_twin(request, first), _own_twin(request, second)], pairs


def _equal_cost_twins(request: ComparisonRequest, image_shape: tuple[int, int, int]) -> tuple[list[Twin], list[Pair]]:
    """Return twins whose widths are adjusted until their multiply-adds agree."""
    reference, others = _reference(request)
    usual = request.recipe().model
    twins = []
    for name, widths in equal_cost(request, reference, image_shape).items():
        text = ", ".join(f"{argument} {width}" for argument, width in widths.items())
        # Leave out a width that is the usual one, so that the run is the same as under "own".
        settings = {
            f"model.{argument}": width
            for argument, width in widths.items()
            if width != usual.get(argument, request.family.arguments[argument].default)
        }
        twins.append(Twin(f"cost/{name}", f"{name} ({text})", "cost", str(request.model(name)), settings=settings))
    twins.sort(key=lambda twin: request.upsamplers.index(twin.upsampler))
    return twins, [Pair("cost", f"cost/{reference}", f"cost/{name}", "the choice at equal cost") for name in others]


def _check_map(request: ComparisonRequest, twin: Twin, image_shape: tuple[int, int, int]) -> None:
    """Raise `InputError` where a twin cannot start as the function of the twin that its `init` names."""
    from zoo.models import build_model

    training = request.training(twin, 0, "")
    arguments = architecture(training.model, training.recipe, image_shape).arguments
    assert twin.init is not None, twin
    try:
        FreshTwin(twin.init, training.model, arguments, 0).apply(build_model(twin.model, **arguments))
    except InputError as error:
        raise InputError(
            f"fairness=mapped is not possible for {request.name}: its transposed kernel has no sub-pixel form of "
            f"the same shape; leave it out ({error})"
        ) from error


def _listed(option: str, text: str | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the words between commas, each allowed, none twice; without a text, all that are allowed."""
    if text is None:
        return tuple(allowed)
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in allowed:
            raise InputError(f"{option}={text}: {word!r} is not one of {', '.join(allowed)}{closest(word, allowed)}")
    return tuple(dict.fromkeys(words))
