"""From a family, a source and what the user sets to the recipe of a run, every field checked."""

import ast
import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from training.errors import InputError
from training.recipes.by_family import BY_SOURCE, RECIPES
from training.recipes.recipe import Recipe
from zoo.names import closest
from zoo.registry import Family

_POSITIVE = (
    "batch",
    "steps",
    "image_size",
    "patch",
    "log_every",
    "evaluations",
    "keep",
    "likelihood_draws",
    "compare_steps",
    "learning_rate",
    "discriminator_learning_rate",
    "discriminator_steps",
    "checkpoint_minutes",
)
_NOT_NEGATIVE = (
    "warmup_steps",
    "weight_decay",
    "clip_norm",
    "average",
    "beta_1",
    "beta_2",
    "kl_weight",
    "gradient_penalty",
)
_BELOW_ONE = ("average", "beta_1", "beta_2")


def recipe_for(family: Family, source: str | None = None, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The family's recipe for a source, with overrides applied and checked.

    Args:
        family: a registered family.
        source: a source's name as the user gave it; None takes the recipe's own.
        overrides: values by field; `model.<argument>` sets a model argument.

    Raises:
        InputError: an unknown field, or a value that its field does not take.
    """
    if family.name not in RECIPES:
        raise InputError(f"{family.name} has no recipe; training knows {', '.join(sorted(RECIPES))}")
    recipe = RECIPES[family.name]
    overrides = dict(overrides or {})
    source = overrides.pop("source", None) if source is None else source
    values: dict[str, Any] = {**BY_SOURCE.get((family.name, str(source)), {}), **overrides}
    if source is not None:
        values["source"] = source
    model = dict(recipe.model)
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("model."):
            argument = name.removeprefix("model.")
            try:
                family.check_arguments({argument: value})
            except ValueError as error:
                raise InputError(str(error)) from error
            model[argument] = value
        else:
            fields[name] = _checked(name, value)
    return dataclasses.replace(recipe, **fields, model=model)


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """`["batch=256", "model.filters=48"]` to a dict with Python values.

    Raises:
        InputError: an assignment without `=`.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise InputError(
                f"cannot read {assignment!r}; write field=value, for instance batch=256 or model.filters=48"
            )
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    return values


def _checked(name: str, value: Any) -> Any:
    """The value in its field's type, or an InputError that says what the field takes."""
    hints = get_type_hints(Recipe)
    settable = [known for known in hints if known not in ("model", "task")]
    if name not in settable:
        raise InputError(
            f"a recipe has no field {name!r}{closest(name, settable)}; it has {', '.join(settable)} "
            "and model.<argument>"
        )
    hint = hints[name]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise InputError(f"{name}={value!r} is not one of {', '.join(get_args(hint))}")
        return value
    kinds = get_args(hint) or (hint,)
    if float in kinds and type(value) is int:
        value = float(value)
    if type(value) not in kinds:
        raise InputError(f"{name}={value!r} is not {' or '.join(_KIND_WORDS[kind] for kind in kinds)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if name in _POSITIVE and not (value > 0 and math.isfinite(value)):
            raise InputError(f"{name}={value} must be greater than 0")
        if name in _BELOW_ONE and not value < 1:
            raise InputError(f"{name}={value} must be less than 1")
        if name in _NOT_NEGATIVE and not (value >= 0 and math.isfinite(value)):
            raise InputError(f"{name}={value} must be at least 0")
    return value


_KIND_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a word",
    type(None): "None",
}
