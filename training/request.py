"""Resolve what the user asked for into everything that a training needs, once."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.cluster import Jit
from training.data import Source
from training.recipes import Recipe, flat
from training.runs.folder import RUNS, run_id
from training.runs.starting_weights import StartingWeights, starting_weights
from training.tasks import task_name
from training.tasks.architecture import Architecture, architecture
from zoo.registry import ModelName

# Fields of the recipe that a run id does not depend on, because they do not change what the run learns.
_WITHOUT_EFFECT = ("keep", "checkpoint_minutes", "compare_steps", "likelihood_draws")


@dataclasses.dataclass(frozen=True)
class TrainingRequest:
    """Hold a training as the user asked for it.

    Attributes:
        model: the name of the model, parsed.
        recipe: resolved and checked.
        seed: of the initial weights, the order of examples and every draw.
        strategy: a name of `training.cluster.strategy.STRATEGIES`.
        logical_cpus: number of devices to split the processor into, or None.
        init: a published name or a run's folder to start from, or None.
        resume: go on with an unfinished run of the same configuration.
        jit: `auto` compiles the steps of a call to one XLA program on one GPU, `1` also on a processor, `0` never. With
            several replicas `1` compiles the gradients of each.
        settings: the fields that differ from the family's recipe, for the card's command.
        variant: the variant of the family's recipe, for the card's command.
        root: the folder of all runs.
    """

    model: ModelName
    recipe: Recipe
    seed: int = 0
    strategy: str = "auto"
    logical_cpus: int | None = None
    init: str | None = None
    resume: bool = True
    jit: Jit = "auto"
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    variant: str | None = None
    root: Path = RUNS


@dataclasses.dataclass(frozen=True)
class ResolvedTraining:
    """Hold a training with everything that follows from the request and the source.

    Attributes:
        request: what the user asked for.
        architecture: the networks.
        start: where the first weights come from; None for the initialisers.
        recipe: the recipe as `config.json` has it: flat, with the source that was chosen.
        identity: what decides, with the seed, what the run learns.
        run_id: the hash of the identity, and the seed.
    """

    request: TrainingRequest
    architecture: Architecture
    start: StartingWeights | None
    recipe: dict[str, Any]
    identity: dict[str, Any]
    run_id: str


def resolve(request: TrainingRequest, source: Source) -> ResolvedTraining:
    """Return everything that follows from a request and its source.

    Raises:
        InputError: the request starts from weights that do not exist or do not fit.
    """
    networks = architecture(request.model, request.recipe, source.image_shape, source.classes)
    start = starting_weights(request.init, request.model, networks.arguments, request.seed)
    recipe = {"task": task_name(request.model.family), **flat(request.recipe), "source": source.name}
    identity = {
        "model": str(request.model),
        "model_arguments": networks.arguments,
        "recipe": {key: value for key, value in recipe.items() if key not in _WITHOUT_EFFECT},
        "source": source.fingerprint,
        "init": start.fingerprint if start else None,
    }
    return ResolvedTraining(request, networks, start, recipe, identity, run_id(identity, request.seed))
