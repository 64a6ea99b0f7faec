"""Everything that a training needs besides the model: source, batch, steps, optimiser, schedule, model arguments."""

from training.recipes.by_family import RECIPES, first_source
from training.recipes.overrides import parse_overrides, recipe_for
from training.recipes.recipe import Precision, Recipe

__all__ = ["RECIPES", "Precision", "Recipe", "first_source", "parse_overrides", "recipe_for"]
