"""Recipes: everything that a training needs besides the model."""

from training.recipes.by_family import COMPARISON_SETTINGS, RECIPES, first_source
from training.recipes.overrides import field_names, parse_overrides, recipe_for
from training.recipes.recipe import (
    AdversarialOptions,
    Precision,
    Recipe,
    SuperResolutionOptions,
    VariationalOptions,
    flat,
    recipe_from_flat,
)
from training.recipes.variants import VARIANTS

__all__ = [
    "COMPARISON_SETTINGS",
    "RECIPES",
    "VARIANTS",
    "AdversarialOptions",
    "Precision",
    "Recipe",
    "SuperResolutionOptions",
    "VariationalOptions",
    "field_names",
    "first_source",
    "flat",
    "parse_overrides",
    "recipe_for",
    "recipe_from_flat",
]
