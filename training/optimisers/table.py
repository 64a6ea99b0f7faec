"""The table of optimisers, and the learning-rate schedule.

Keras is imported when an optimiser is built, so that names can be checked before that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.errors import InputError
from training.recipes import Recipe
from zoo.names import closest

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class OptimiserInfo:
    """Describe an optimiser that a recipe can name.

    Attributes:
        note: one line that describes it to readers.
        build: from a recipe and its learning rate, a number or a schedule, to the optimiser. Gradients are summed over
            replicas before they reach it, so its class must mix in `zoo.system.keras_internals.SummedGradients`.
    """

    note: str
    build: "Callable[[Recipe, Any], keras.optimizers.Optimizer]"


def _adam(recipe: Recipe, rate: Any) -> "keras.optimizers.Optimizer":
    from training.optimisers.summed import Adam

    return Adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)


def _adamw(recipe: Recipe, rate: Any) -> "keras.optimizers.Optimizer":
    from training.optimisers.summed import AdamW

    return AdamW(rate, weight_decay=recipe.weight_decay, beta_1=recipe.beta_1, beta_2=recipe.beta_2)


def _muon(recipe: Recipe, rate: Any) -> "keras.optimizers.Optimizer":
    from training.optimisers.summed import Muon

    return Muon(rate, weight_decay=None, adam_weight_decay=None)


OPTIMISERS: dict[str, OptimiserInfo] = {
    "adam": OptimiserInfo("Adam (Kingma and Ba 2015, arXiv:1412.6980)", _adam),
    "adamw": OptimiserInfo("Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)", _adamw),
    "muon": OptimiserInfo("Muon for kernels of convolutions and dense layers, Adam for the rest", _muon),
}
"""The optimisers by name. A new optimiser is a new row."""


def check_optimiser(name: str) -> None:
    """Raise `InputError` where the table has no optimiser of that name."""
    if name not in OPTIMISERS:
        raise InputError(f"optimiser={name!r} is not one of {', '.join(OPTIMISERS)}{closest(name, OPTIMISERS)}")


def create_optimiser(recipe: Recipe) -> "keras.optimizers.Optimizer":
    """Return the recipe's optimiser, for gradients summed over replicas.

    Under mixed_float16 it scales the loss and skips steps that overflow.

    Raises:
        InputError: there is no optimiser of the name in the recipe.
    """
    import keras

    check_optimiser(recipe.optimiser)
    optimiser = OPTIMISERS[recipe.optimiser].build(recipe, learning_rate(recipe))
    if recipe.precision == "mixed_float16":
        optimiser = keras.optimizers.LossScaleOptimizer(optimiser)
    return optimiser


def learning_rate(recipe: Recipe) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    """Return a linear warm-up from zero, then a constant or a cosine to zero at the last step."""
    import keras

    # The schedule computes in the type of its rates; in single precision two compilers round its cosine differently.
    number = np.dtype(keras.config.floatx()).type
    warmup = min(recipe.warmup_steps, recipe.steps - 1)
    if recipe.schedule == "constant" and not warmup:
        return recipe.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=number(0.0 if warmup else recipe.learning_rate),
        decay_steps=recipe.steps - warmup,
        alpha=1.0 if recipe.schedule == "constant" else 0.0,
        warmup_target=number(recipe.learning_rate) if warmup else None,
        warmup_steps=warmup,
    )
