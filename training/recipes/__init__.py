"""Everything that a training needs besides the model: source, batch, steps, optimiser, schedule, model arguments."""

from training.recipes.by_family import COMPARISON_SETTINGS, RECIPES, first_source
from training.recipes.overrides import parse_overrides, recipe_for
from training.recipes.recipe import Precision, Recipe, flat, recipe_from_flat

__all__ = [
    "COMPARISON_SETTINGS",
    "RECIPES",
    "Precision",
    "Recipe",
    "first_source",
    "flat",
    "parse_overrides",
    "recipe_for",
    "recipe_from_flat",
]
