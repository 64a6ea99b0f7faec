"""Find the widths at which the twins of a family do the same work."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from training.compare.contest import ComparisonRequest
from training.errors import InputError
from training.tasks.architecture import architecture

WIDTHS = ("filters", "narrow", "d", "s")
"""Model arguments that count channels."""
TOLERANCE = 0.02
_REACH = 0.5

Widths = tuple[int, ...]


def equal_cost(
    request: ComparisonRequest, reference: str, image_shape: tuple[int, int, int]
) -> dict[str, dict[str, int]]:
    """Return widths by up-sampler, such as `{"filters": 18}`, whose multiply-adds agree within 2 percent.

    The reference keeps the family's widths if whole numbers allow it, else all move together by as little as possible.

    Raises:
        InputError: the family has no argument for its widths, or no widths within a half of its own agree.
    """
    accepted = request.family.arguments
    given = request.recipe().model
    names = [name for name in WIDTHS if name in accepted]
    if not names:
        raise InputError(
            f"fairness=cost is not possible for {request.name}: it has no argument for its number of channels "
            f"({', '.join(WIDTHS)}); leave it out"
        )
    usual = tuple(int(given.get(name, accepted[name].default)) for name in names)
    work = {name: _work(request, name, names, usual, image_shape) for name in request.upsamplers}
    near = sorted(itertools.product(*(_around(width) for width in usual)), key=lambda widths: _distance(widths, usual))
    amounts = {name: {widths: count(widths) for widths in near} for name, count in work.items()}
    for base in near:
        goal = amounts[reference][base]
        matches = {
            name: next((widths for widths in near if abs(amounts[name][widths] / goal - 1.0) <= TOLERANCE), None)
            for name in request.upsamplers
            if name != reference
        }
        if None not in matches.values():
            found = {reference: base, **{name: widths for name, widths in matches.items() if widths}}
            return {name: dict(zip(names, widths, strict=True)) for name, widths in found.items()}
    raise InputError(
        f"fairness=cost is not possible for {request.name}: no {' and '.join(names)} within a half of {usual} give the "
        "up-samplers the same multiply-adds within 2 percent; leave it out"
    )


def _around(width: int) -> range:
    return range(max(1, math.ceil(width * (1 - _REACH))), math.floor(width * (1 + _REACH)) + 1)


def _distance(widths: Widths, usual: Widths) -> float:
    return sum(math.log(width / other) ** 2 for width, other in zip(widths, usual, strict=True))


def _work(
    request: ComparisonRequest, upsampler: str, names: Sequence[str], usual: Widths, image_shape: tuple[int, int, int]
) -> Callable[[Widths], float]:
    """Return a function from widths to multiply-adds.

    Multiply-adds are a polynomial of degree two in each width, because a convolution's work is the product of its input
    and output channels. So three values per width determine all others, and hundreds of networks need not be built.
    """
    points = [np.array([width, width + 1, width + 2], float) for width in usual]
    values = np.array(
        [
            float(multiply_adds_of(request, upsampler, dict(zip(names, map(int, widths), strict=True)), image_shape))
            for widths in itertools.product(*points)
        ]
    ).reshape([3] * len(names))

    def count(widths: Widths) -> float:
        result = values
        for width, known in zip(widths, points, strict=True):
            result = np.tensordot(_lagrange(known, width), result, axes=(0, 0))
        return float(result)

    return count


def _lagrange(known: np.ndarray[Any, Any], x: float) -> np.ndarray[Any, Any]:
    """Return Lagrange's weights w, with which p(x) = sum_i w_i p(known_i) for a polynomial through the known points.

    w_i is the product over j != i of (x - known_j) / (known_i - known_j).
    """
    return np.array([math.prod((x - other) / (point - other) for other in known if other != point) for point in known])


def multiply_adds_of(
    request: ComparisonRequest, upsampler: str, arguments: Mapping[str, Any], image_shape: tuple[int, int, int]
) -> int:
    """Return the multiply-adds of a twin as executed, per picture or per output of 1280x720."""
    from zoo.models import build_model
    from zoo.network import executed_multiply_adds

    settings = {f"model.{name}": value for name, value in arguments.items()}
    name = request.model(upsampler)
    networks = architecture(name, request.recipe(settings=settings), image_shape)
    return executed_multiply_adds(build_model(str(name), **networks.arguments), request.scale)
