"""From a recipe to a Keras optimiser and its schedule."""

import keras

from training.optimisers.muon import ConvolutionalMuon
from training.recipes import Recipe
from zoo.system.keras_internals import SummedGradients


class Adam(SummedGradients, keras.optimizers.Adam):
    """Keras's Adam, for gradients that are summed over replicas."""


class AdamW(SummedGradients, keras.optimizers.AdamW):
    """Keras's AdamW, for gradients that are summed over replicas."""


class Muon(SummedGradients, ConvolutionalMuon):
    """Muon for convolutions, for gradients that are summed over replicas."""


def create_optimiser(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The recipe's optimiser, for gradients summed over replicas.

    Under mixed_float16 it scales the loss and skips steps that overflow.
    """
    rate = learning_rate(recipe)
    if recipe.optimiser == "adamw":
        optimiser = AdamW(rate, weight_decay=recipe.weight_decay, beta_1=recipe.beta_1, beta_2=recipe.beta_2)
    elif recipe.optimiser == "muon":
        optimiser = Muon(rate, weight_decay=None, adam_weight_decay=None)
    else:
        optimiser = Adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)
    if recipe.precision == "mixed_float16":
        optimiser = keras.optimizers.LossScaleOptimizer(optimiser)
    return optimiser


def learning_rate(recipe: Recipe) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up from zero, then constant or a cosine to zero at the last step."""
    warmup = min(recipe.warmup_steps, recipe.steps - 1)
    if recipe.schedule == "constant" and not warmup:
        return recipe.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=recipe.steps - warmup,
        alpha=1.0 if recipe.schedule == "constant" else 0.0,
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
