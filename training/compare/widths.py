"""Widths at which the twins of a family do the same work."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from training.errors import InputError

if TYPE_CHECKING:
    from training.compare.plan import Request

WIDTHS = ("filters", "narrow", "d", "s")
"""Model arguments that count channels."""
TOLERANCE = 0.02
_REACH = 0.5

Widths = tuple[int, ...]


def equal_cost(asked: "Request", reference: str, image_shape: tuple[int, int, int]) -> dict[str, dict[str, int]]:
    """Widths by up-sampler, such as `{"filters": 18}`, whose multiply-adds agree within 2 percent.

    The reference keeps the family's widths if whole numbers allow it, else all move together by as little as possible.

    Raises:
        InputError: the family has no argument for its widths, or no widths within a half of its own agree.
    """
    accepted = asked.family.arguments
    given = asked.recipe().model
    names = [name for name in WIDTHS if name in accepted]
    if not names:
        raise InputError(
            f"fairness=cost is not possible for {asked.name}: it has no argument for its number of channels "
            f"({', '.join(WIDTHS)}); leave it out"
        )
    usual = tuple(int(given.get(name, accepted[name].default)) for name in names)
    work = {name: _work(asked, name, names, usual, image_shape) for name in asked.upsamplers}
    near = sorted(itertools.product(*(_around(width) for width in usual)), key=lambda widths: _distance(widths, usual))
    amounts = {name: {widths: count(widths) for widths in near} for name, count in work.items()}
    for base in near:
        goal = amounts[reference][base]
        matches = {
            name: next((widths for widths in near if abs(amounts[name][widths] / goal - 1.0) <= TOLERANCE), None)
            for name in asked.upsamplers
            if name != reference
        }
        if None not in matches.values():
            found = {reference: base, **{name: widths for name, widths in matches.items() if widths}}
            return {name: dict(zip(names, widths, strict=True)) for name, widths in found.items()}
    raise InputError(
        f"fairness=cost is not possible for {asked.name}: no {' and '.join(names)} within a half of {usual} give the "
        "up-samplers the same multiply-adds within 2 percent; leave it out"
    )


def _around(width: int) -> range:
    return range(max(1, math.ceil(width * (1 - _REACH))), math.floor(width * (1 + _REACH)) + 1)


def _distance(widths: Widths, usual: Widths) -> float:
    return sum(math.log(width / other) ** 2 for width, other in zip(widths, usual, strict=True))


def _work(
    asked: "Request", upsampler: str, names: Sequence[str], usual: Widths, image_shape: tuple[int, int, int]
) -> Callable[[Widths], float]:
    """Multiply-adds as a function of the widths.

    They are a polynomial of degree two in each width, so three values of each tell all others without building
    hundreds of networks.
    """
    points = [np.array([width, width + 1, width + 2], float) for width in usual]
    values = np.array(
        [
            float(multiply_adds_of(asked, upsampler, dict(zip(names, map(int, widths), strict=True)), image_shape))
            for widths in itertools.product(*points)
        ]
    ).reshape([3] * len(names))

    def count(widths: Widths) -> float:
        result = values
        for width, known in zip(widths, points, strict=True):
            result = np.tensordot(_lagrange(known, width), result, axes=(0, 0))
        return float(result)

    return count


def _lagrange(known: "np.ndarray[Any, Any]", x: float) -> "np.ndarray[Any, Any]":
    """Weights of the values at `known` that give the value at `x` of the polynomial through them."""
    return np.array([math.prod((x - other) / (point - other) for other in known if other != point) for point in known])


def multiply_adds_of(
    asked: "Request", upsampler: str, arguments: Mapping[str, Any], image_shape: tuple[int, int, int]
) -> int:
    """Multiply-adds of a twin as executed, by the measure of its kind."""
    from zoo.models import build_model
    from zoo.network import multiply_adds, super_resolution_multiply_adds

    settings = {f"model.{name}": value for name, value in arguments.items()}
    built = dict(asked.recipe(settings=settings).model)
    if "image_shape" in asked.family.arguments:
        built.setdefault("image_shape", list(image_shape))
    model = build_model(str(asked.model(upsampler)), **built)
    return super_resolution_multiply_adds(model, asked.scale) if asked.scale else multiply_adds(model)
