"""Choose the recipe of a run from its family, its source and what the user sets; check every value."""

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Lt

from training.errors import InputError
from training.recipes.by_family import BY_SOURCE, RECIPES
from training.recipes.recipe import Recipe, field_types, flat, recipe_from_flat
from training.recipes.variants import VARIANTS
from zoo.names import closest, remedy
from zoo.registry import Family

LIST_FIELDS = "python -m training train --help"
"""The command that lists the fields of a recipe."""


def recipe_for(
    family: Family,
    source: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    variant: str | None = None,
) -> Recipe:
    """Return the family's recipe for a source, with overrides applied and checked.

    Args:
        family: a registered family.
        source: a source's name as the user gave it; None for the recipe's own.
        overrides: values by flat field name; `model.<argument>` sets a model argument.
        variant: a name of `VARIANTS`, or None for the recipe itself.

    Raises:
        InputError: the family has no such variant, an unknown field, or a value that its field does not take.
    """
    if family.name not in RECIPES:
        raise InputError(f"{family.name} has no recipe; training knows {', '.join(sorted(RECIPES))}")
    recipe = RECIPES[family.name]
    overrides = {**_variant(family, variant), **(overrides or {})}
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
            fields[name] = _checked(family, name, value)
    return recipe_from_flat({**flat(recipe), **fields, "model": model})


def _variant(family: Family, name: str | None) -> dict[str, Any]:
    """Return the fields that differ in a variant of a family's recipe."""
    if name is None:
        return {}
    if family.name not in VARIANTS.get(name, {}):
        known = [variant for variant, families in VARIANTS.items() if family.name in families]
        allowed = f"take {', '.join(known)}, or leave" if known else "leave"
        raise InputError(f"the recipe of {family.name} has no variant {name!r}; {allowed} RECIPE out")
    return VARIANTS[name][family.name]


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """Return the Python values of assignments such as `["batch=256", "model.filters=48"]` by their names.

    Raises:
        InputError: an assignment has no name or no `=`.
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


def field_names() -> list[str]:
    """Return the names that a user may set, in addition to `model.<argument>`."""
    return [name for name in field_types() if name != "model"]


def _checked(family: Family, name: str, value: Any) -> Any:
    """Return a value in its field's type.

    Raises:
        InputError: says what the field takes.
    """
    types = field_types()
    if name not in field_names():
        known = [*field_names(), *(f"model.{argument}" for argument in family.arguments)]
        raise InputError(f"a recipe has no field {name!r}{remedy(name, known, LIST_FIELDS)}")
    hint, bounds = types[name], []
    if get_origin(hint) is Annotated:
        hint, *bounds = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            allowed = get_args(hint)
            raise InputError(f"{name}={value!r} is not one of {', '.join(allowed)}{closest(str(value), allowed)}")
        return value
    accepted = get_args(hint) or (hint,)
    if float in accepted and type(value) is int:
        value = float(value)
    if type(value) not in accepted:
        raise InputError(f"{name}={value!r} is not {' or '.join(_TYPE_WORDS[each] for each in accepted)}")
    if value is not None:
        for bound in bounds:
            _check_bound(name, value, bound)
    return value


def _check_bound(name: str, value: Any, bound: Any) -> None:
    """Raise `InputError` if a number is outside of a bound; infinity exceeds every lower bound and is refused too."""
    match bound:
        case Gt(gt=limit):
            holds, words = limit < value < math.inf, f"greater than {limit}"
        case Ge(ge=limit):
            holds, words = limit <= value < math.inf, f"at least {limit}"
        case Lt(lt=limit):
            holds, words = value < limit, f"less than {limit}"
        case _:
            raise TypeError(f"the field {name} has a bound of an unknown kind, {bound!r}; use Gt, Ge or Lt")
    if not holds:
        raise InputError(f"{name}={value} must be {words}")


_TYPE_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a word",
    type(None): "None",
}
