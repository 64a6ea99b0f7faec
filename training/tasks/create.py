"""Build the networks of a training with their first weights, and the task that trains them."""

from collections.abc import Mapping
from typing import Any

import keras

from training.errors import InputError
from training.recipes import Recipe
from training.runs.starting_weights import StartingWeights
from training.tasks import kind_of
from training.tasks.architecture import Architecture
from training.tasks.task import Task
from zoo.models import build_model


def create_task(
    architecture: Architecture,
    recipe: Recipe,
    *,
    seed: int = 0,
    compile_gradients: bool = False,
    start: StartingWeights | None = None,
) -> Task:
    """Return the task that trains a model; call it inside the strategy's scope.

    Args:
        architecture: the networks to build.
        recipe: of the training.
        seed: of the initial weights and of every draw.
        compile_gradients: see `Task`.
        start: where the first weights come from, if not from the initialisers.

    Raises:
        InputError: the model cannot be built with its arguments, or cannot be started from `start`.
    """

    def build(arguments: Mapping[str, Any]) -> keras.Model:
        try:
            return build_model(str(architecture.model), **arguments)
        except (TypeError, ValueError) as error:
            raise InputError(f"{architecture.model} with {arguments}: {error}") from error

    keras.utils.set_random_seed(seed)
    model = build(architecture.arguments)
    # Start the model before the copies are built. A twin that it starts from sets the random seed again, and the same
    # number of draws must follow as without a twin.
    if start:
        start.apply(model)
    average = published = None
    if recipe.average or architecture.published_arguments != architecture.arguments:
        average, published = build(architecture.arguments), build(architecture.published_arguments)
    task = kind_of(architecture.model.family).task
    return task(
        recipe,
        model,
        architecture.model.period,
        average=average,
        published=published,
        compile_gradients=compile_gradients,
        seed=seed,
    )
