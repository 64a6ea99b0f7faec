"""Register model families and parse the names of their models.

A family is one architecture, written as a function of its up-sampler (and scale). The decorator only records the
function. Nothing is built and no framework is imported before a model is built.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zoo.names import LIST, UPSAMPLERS, remedy, upsampler_names

_FAMILIES: dict[str, "Family"] = {}
_NAME = re.compile(r"(?P<family>[a-z0-9]+)(?:_x(?P<scale>[1-9][0-9]*))?(?:_(?P<upsampler>[a-z][a-z0-9_]*))?")


@dataclass(frozen=True)
class KindFacts:
    """Hold the facts about a kind of model that can be known without building one.

    Attributes:
        draws: its models draw pictures: they have an endpoint `sample`.
        classifies: its models return the probabilities of classes.
        has_target: each output has one right answer to compare it with, which samples do not have.
    """

    draws: bool = False
    classifies: bool = False
    has_target: bool = True


KINDS: dict[str, KindFacts] = {
    "autoencoder": KindFacts(),
    "vae": KindFacts(draws=True),
    "generator": KindFacts(draws=True, has_target=False),
    "super-resolution": KindFacts(),
    "classifier": KindFacts(classifies=True),
}
"""Every kind of model. `training.tasks` says how each one is trained; a new kind is a new row in both."""


class UnknownNameError(ValueError):
    """Report a name of a model, family or argument that does not exist, with the closest names."""


@dataclass(frozen=True)
class Family:
    """Hold one architecture and what the names of its models are made of.

    Attributes:
        name: `[a-z0-9]+`, the first part of every model name.
        kind: one of `KINDS`; it decides the endpoints of an exported model.
        build: `build(upsampler, scale=..., **model_arguments) -> keras.Model`, where `upsampler` and
            `scale` are passed only to families that have them.
        upsamplers: the up-samplers that the family can be built with, or () for a family without any.
        scales: the total factors of a super-resolution family, or ().
        upsampling: the total factor by which an image family's up-samplers enlarge their grid; if the number of
            up-samplers depends on the image's size, the factor of the last two.
        citation: the paper that the architecture follows.
        discriminator: `discriminator(**model_arguments) -> keras.Model`, the network that a generator is trained
            against. It takes some of the arguments that `build` takes, under the same names.
    """

    name: str
    kind: str
    build: Callable[..., Any]
    upsamplers: tuple[str, ...]
    scales: tuple[int, ...]
    upsampling: int
    citation: str
    discriminator: Callable[..., Any] | None = None

    @property
    def facts(self) -> KindFacts:
        """Return the facts about the family's kind."""
        return KINDS[self.kind]

    @property
    def arguments(self) -> dict[str, inspect.Parameter]:
        """Return the keyword-only parameters of the family function, which a user may set."""
        parameters = inspect.signature(self.build).parameters.values()
        return {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "scale"}

    def model_names(self) -> list[str]:
        """Return every `<family>[_x<scale>][_<upsampler>]` that can be built."""
        scales = [f"_x{scale}" for scale in self.scales] or [""]
        upsamplers = [f"_{upsampler}" for upsampler in self.upsamplers] or [""]
        return [self.name + scale + upsampler for scale in scales for upsampler in upsamplers]

    def check_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Raise `UnknownNameError` for an argument that the family does not take."""
        for name in arguments:
            if name not in self.arguments:
                raise UnknownNameError(f"{self.name} has no argument {name!r}{remedy(name, self.arguments)}")


@dataclass(frozen=True)
class ModelName:
    """Hold the parts of `<family>[_x<scale>][_<upsampler>]`."""

    family: Family
    scale: int | None
    upsampler: str | None

    @property
    def period(self) -> int:
        """Return the period in pixels of the checkerboard that the model can draw.

        It is the model's scale, or its family's `upsampling`.
        """
        return self.scale or self.family.upsampling

    def __str__(self) -> str:
        scale = f"_x{self.scale}" if self.scale else ""
        return self.family.name + scale + (f"_{self.upsampler}" if self.upsampler else "")


def family(
    name: str,
    *,
    kind: str,
    upsamplers: Iterable[str] = UPSAMPLERS,
    scales: Iterable[int] = (),
    upsampling: int = 1,
    citation: str = "",
    discriminator: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as a family, and return it unchanged.

    The arguments are the attributes of `Family`.

    Raises:
        ValueError: the name is taken or malformed, or the kind or an up-sampler is unknown.
    """

    def register(build: Callable[..., Any]) -> Callable[..., Any]:
        if not re.fullmatch(r"[a-z0-9]+", name):
            raise ValueError(f"family name {name!r}: only a-z and 0-9 are allowed")
        if name in _FAMILIES:
            raise ValueError(f"family {name!r} is registered already, by {_FAMILIES[name].build.__module__}")
        if kind not in KINDS:
            raise ValueError(f"family {name!r}: kind {kind!r} is not one of {', '.join(KINDS)}")
        unknown = sorted(set(upsamplers) - set(upsampler_names()))
        if unknown:
            raise ValueError(f"family {name!r}: up-samplers {unknown} are not among {upsampler_names()}")
        _FAMILIES[name] = Family(
            name, kind, build, tuple(upsamplers), tuple(scales), upsampling, citation, discriminator
        )
        return build

    return register


def families() -> dict[str, Family]:
    """Return the registered families by name. `zoo.models.families` also imports their files first."""
    return dict(_FAMILIES)


def parse_name(name: str) -> ModelName:
    """Split a model name into family, scale and up-sampler.

    Raises:
        UnknownNameError: no registered family makes a model of that name.
    """
    known = [model for entry in _FAMILIES.values() for model in entry.model_names()]
    if name not in known:
        raise UnknownNameError(f"there is no model {name!r}{remedy(name, known, LIST)}")
    parts = _NAME.fullmatch(name)
    assert parts is not None, name
    scale = parts["scale"]
    return ModelName(_FAMILIES[parts["family"]], int(scale) if scale else None, parts["upsampler"])
