"""What is compared: the twins of a family under three settings of fairness, and which of them form a pair."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.compare.widths import equal_cost
from training.errors import InputError
from training.recipes import Recipe, recipe_for
from training.runs.config import model_arguments
from training.runs.folder import RUNS
from training.train import Order
from zoo.registry import Family, ModelName, closest

FAIRNESS = {
    "own": "every up-sampler from its own initialiser",
    "mapped": "the same function to begin with, its weights mapped from one twin to the other",
    "cost": "widths adjusted until the multiply-adds agree within 2 percent",
}
MAPPED = ("subpixel", "transpose")
_STEPS_PER_EVALUATION = 100
# The standard error of a bound hardly depends on it, and 500 draws take longer than the training.
_LIKELIHOOD_DRAWS = 50


@dataclass(frozen=True)
class Twin:
    """One contestant.

    Attributes:
        key: `<fairness>/<up-sampler>`, unique within a comparison.
        label: what a reader calls it.
        fairness: a key of `FAIRNESS`.
        model: a model name.
        settings: fields of the recipe that only this twin has, such as `model.filters`.
        init: where its first weights come from, if not from its own initialiser.
    """

    key: str
    label: str
    fairness: str
    model: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    init: str | None = None

    @property
    def upsampler(self) -> str:
        """Its up-sampler's name."""
        return self.key.partition("/")[2]

    @property
    def slug(self) -> str:
        """The key as a file's name has it."""
        return self.key.replace("/", "-")


@dataclass(frozen=True)
class Pair:
    """Two twins to be told apart, by key, and what their difference shows."""

    fairness: str
    first: str
    second: str
    shows: str


@dataclass(frozen=True)
class Request:
    """What the user asked for, checked.

    Attributes:
        family: with up-samplers.
        scale: of a super-resolution family, else None.
        upsamplers: two or more of the family's.
        seeds: number of seeds, from 0.
        fairness: keys of `FAIRNESS`.
        data: a source as given, or None.
        settings: fields of the recipe for all twins, `steps` among them.
    """

    family: Family
    scale: int | None
    upsamplers: tuple[str, ...]
    seeds: int
    fairness: tuple[str, ...]
    data: str | None
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`<family>[_x<scale>]`."""
        return self.family.name + (f"_x{self.scale}" if self.scale else "")

    def model(self, upsampler: str) -> ModelName:
        """The twin's name."""
        return ModelName(self.family, self.scale, upsampler)

    def recipe(self, source: str | None = None, settings: Mapping[str, Any] | None = None) -> Recipe:
        """The recipe of a twin, `source` in place of the one that was asked for."""
        recipe = recipe_for(self.family, self.data, {**self.settings, **(settings or {})})
        return dataclasses.replace(recipe, source=source) if source else recipe

    def order(self, twin: Twin, seed: int, source: str, root: Path = RUNS) -> Order:
        """The training of a twin."""
        settings = {**self.settings, **twin.settings}
        recipe = self.recipe(source, twin.settings)
        return Order(self.model(twin.upsampler), recipe, seed=seed, init=twin.init, settings=settings, root=root)


def request(
    families: Mapping[str, Family],
    family: str,
    *,
    scale: int | None = None,
    upsamplers: str | None = None,
    seeds: int = 3,
    fairness: str = "own",
    data: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """Check what the user asked for; lists are separated by commas.

    Raises:
        InputError: says what was given, what is allowed and what to do.
    """
    known = sorted(name for name, entry in families.items() if entry.upsamplers)
    if family not in known:
        raise InputError(f"there is no family {family!r} with up-samplers{closest(family, known)}; {', '.join(known)}")
    entry = families[family]
    if scale not in (entry.scales or (None,)):
        wanted = f"give SCALE={' or '.join(map(str, entry.scales))}" if entry.scales else "leave SCALE out"
        raise InputError(f"scale={scale} is no scale of {family}; {wanted}")
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
    if entry.kind == "vae":
        values.setdefault("likelihood_draws", _LIKELIHOOD_DRAWS)
    asked = Request(entry, scale, chosen, seeds, under, data, {**values, "steps": steps})
    # Of a short run evaluations would take the most time; five still show a curve.
    often = min(asked.recipe().evaluations, max(5, steps // _STEPS_PER_EVALUATION))
    return (
        asked
        if "evaluations" in values
        else dataclasses.replace(asked, settings={**asked.settings, "evaluations": often})
    )


def twins(asked: Request, image_shape: tuple[int, int, int]) -> tuple[list[Twin], list[Pair]]:
    """Every contestant and every pair.

    Args:
        asked: checked.
        image_shape: of the source's pictures.

    Raises:
        InputError: a setting of fairness makes no sense for the family.
    """
    found: dict[str, Twin] = {}
    pairs: list[Pair] = []
    reference = MAPPED[0] if MAPPED[0] in asked.upsamplers else asked.upsamplers[0]
    others = [name for name in asked.upsamplers if name != reference]

    def add(twin: Twin) -> str:
        found.setdefault(twin.key, twin)
        return twin.key

    def own(name: str) -> str:
        return add(Twin(f"own/{name}", name, "own", str(asked.model(name))))

    if "own" in asked.fairness:
        for name in asked.upsamplers:
            own(name)
        pairs += [Pair("own", own(reference), own(name), "the whole choice") for name in others]
    if "mapped" in asked.fairness:
        from training.runs.starting_weights import FRESH

        first, second = MAPPED
        key = f"mapped/{second}"
        label = f"{second} from {first}'s weights"
        mapped = Twin(key, label, "mapped", str(asked.model(second)), init=f"{FRESH}{asked.model(first)}")
        _check_map(asked, mapped, image_shape)
        add_key = add(mapped)
        pairs += [
            Pair("mapped", own(first), add_key, "the layer alone"),
            Pair("mapped", own(second), add_key, "the initialiser alone"),
        ]
    if "cost" in asked.fairness:
        widths = equal_cost(asked, reference, image_shape)
        keys = {}
        for name in asked.upsamplers:
            told = ", ".join(f"{argument} {width}" for argument, width in widths[name].items())
            usual = asked.recipe().model
            # A width that is the usual one stays unsaid: the run is then that of the twin's own.
            settings = {
                f"model.{argument}": width
                for argument, width in widths[name].items()
                if width != usual.get(argument, asked.family.arguments[argument].default)
            }
            twin = Twin(f"cost/{name}", f"{name} ({told})", "cost", str(asked.model(name)), settings=settings)
            keys[name] = add(twin)
        pairs += [Pair("cost", keys[reference], keys[name], "the choice at equal cost") for name in others]
    return list(found.values()), pairs


def _check_map(asked: Request, twin: Twin, image_shape: tuple[int, int, int]) -> None:
    from training.runs.starting_weights import FreshTwin
    from zoo.models import build_model

    order = asked.order(twin, 0, "")
    arguments = model_arguments(order, image_shape)[0]
    try:
        FreshTwin(order, arguments).apply(build_model(twin.model, **arguments))
    except InputError as error:
        raise InputError(
            f"fairness=mapped is not possible for {asked.name}: its transposed kernel has no sub-pixel form of "
            f"the same shape; leave it out ({error})"
        ) from error


def _listed(what: str, text: str | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """Words between commas, each allowed, none twice; all that are allowed where there is no text."""
    if text is None:
        return tuple(allowed)
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in allowed:
            raise InputError(f"{what}={text}: {word!r} is not one of {', '.join(allowed)}{closest(word, allowed)}")
    return tuple(dict.fromkeys(words))
