"""Hold the data of a comparison: what was asked for, the twins, and the pairs of twins to compare."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data import Source
from training.recipes import Recipe, recipe_for
from training.request import ResolvedTraining, TrainingRequest
from training.runs.folder import RUNS, Run
from zoo.registry import Family, ModelName

FAIRNESS = {
    "own": "every up-sampler from its own initialiser",
    "mapped": "the same function to begin with, its weights mapped from one twin to the other",
    "cost": "widths adjusted until the multiply-adds agree within 2 percent",
}


@dataclass(frozen=True)
class Twin:
    """Describe one of the compared models.

    Attributes:
        key: `<fairness>/<up-sampler>`, unique within a comparison.
        label: its name for a reader.
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
        """Return the name of its up-sampler."""
        return self.key.partition("/")[2]

    @property
    def slug(self) -> str:
        """Return the key as part of a file's name."""
        return self.key.replace("/", "-")


@dataclass(frozen=True)
class Pair:
    """Name two twins whose difference is tested, by key, and what their difference shows."""

    fairness: str
    first: str
    second: str
    shows: str


@dataclass(frozen=True)
class ComparisonRequest:
    """Hold a comparison as the user asked for it, checked.

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
        """Return `<family>[_x<scale>]`."""
        return self.family.name + (f"_x{self.scale}" if self.scale else "")

    def model(self, upsampler: str) -> ModelName:
        """Return the name of a twin's model."""
        return ModelName(self.family, self.scale, upsampler)

    def recipe(self, source: str | None = None, settings: Mapping[str, Any] | None = None) -> Recipe:
        """Return the recipe of a twin.

        Args:
            source: the source that was chosen, in place of the one that was asked for.
            settings: fields that only this twin has.
        """
        recipe = recipe_for(self.family, self.data, {**self.settings, **(settings or {})})
        return dataclasses.replace(recipe, source=source) if source else recipe

    def training(self, twin: Twin, seed: int, source: str, root: Path = RUNS) -> TrainingRequest:
        """Return the training of a twin from a seed on the source that was chosen."""
        return TrainingRequest(
            self.model(twin.upsampler),
            self.recipe(source, twin.settings),
            seed=seed,
            init=twin.init,
            settings={**self.settings, **twin.settings},
            root=root,
        )


@dataclass(frozen=True)
class Contest:
    """Hold a comparison whose twins are trained.

    Attributes:
        request: what the user asked for.
        twins: the compared models.
        pairs: the pairs of twins whose differences are tested.
        source: where the pictures come from.
        trainings: by key of the twin and seed.
        runs: finished, by key of the twin and seed.
    """

    request: ComparisonRequest
    twins: Sequence[Twin]
    pairs: Sequence[Pair]
    source: Source
    trainings: Mapping[tuple[str, int], ResolvedTraining]
    runs: Mapping[tuple[str, int], Run]

    def first_seed(self, twin: Twin) -> ResolvedTraining:
        """Return a twin's training from the first seed."""
        return self.trainings[twin.key, 0]
