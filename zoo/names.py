"""Name up-samplers and published models, match wildcards and suggest names, without loading a framework."""

import difflib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

UPSAMPLERS = ("subpixel", "transpose", "transpose_2r", "resize")
"""The up-samplers of the zoo. `zoo.upsampling.upsamplers` says how each one makes its layers."""

CONSOLE_COMMAND = "subpixel-zoo"
"""The command that an installed package has; it does what `python -m zoo` does."""
PROGRAM = CONSOLE_COMMAND if Path(next(iter(sys.argv), "")).stem == CONSOLE_COMMAND else "python -m zoo"
"""How this process was started, or how the commands of the zoo are started elsewhere."""
LIST = f"{PROGRAM} list"
"""The command that lists the names of all models."""
LIST_PUBLISHED = f"{LIST} --pretrained"
"""The command that lists the names of all published models."""

_MOST_LISTED = 10
_ADDED: list[str] = []


def upsampler_names() -> tuple[str, ...]:
    """Return the names of all up-samplers: `UPSAMPLERS`, then those that were added."""
    return (*UPSAMPLERS, *_ADDED)


def add_upsampler_name(name: str) -> None:
    """Add the name of an up-sampler, so that families can be registered with it.

    Raises:
        ValueError: the name is taken, or would not fit into a model name.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or re.match(r"x[1-9][0-9]*(_|$)", name):
        raise ValueError(f"up-sampler name {name!r}: use a-z, 0-9 and _, and do not begin it like a scale such as x2")
    if name in upsampler_names():
        raise ValueError(f"up-sampler {name!r} is registered already; choose another name")
    _ADDED.append(name)


@dataclass(frozen=True)
class PublishedName:
    """Hold the parts of a published name, `<model name>` or `<model name>.<tag>`.

    Examples:
        >>> PublishedName.parse("ae_subpixel.cifar10")
        PublishedName(model='ae_subpixel', tag='cifar10')

    Attributes:
        model: the model name, such as `ae_subpixel`.
        tag: the source or purpose that the model is published for; None for its family's first source.
    """

    model: str
    tag: str | None = None

    @classmethod
    def parse(cls, text: str) -> "PublishedName":
        """Split a published name at its first dot. Neither part is checked for existence."""
        model, dot, tag = text.partition(".")
        return cls(model, tag if dot else None)

    def __str__(self) -> str:
        return self.model if self.tag is None else f"{self.model}.{self.tag}"


def matching(names: Iterable[str], pattern: str) -> list[str]:
    """Return the names that match a wildcard pattern (`*`, `?`, `[...]`), sorted."""
    return sorted(name for name in names if fnmatchcase(name, pattern))


def similar(name: str, known: Iterable[str], count: int = 3, least: float = 0.6) -> list[str]:
    """Return the known names that resemble a name, the most similar first.

    Args:
        name: the name as it was written.
        known: the names that exist.
        count: the most names to return.
        least: the smallest similarity, in 0..1, as `difflib.SequenceMatcher.ratio` computes it.
    """
    return difflib.get_close_matches(name, list(dict.fromkeys(known)), n=count, cutoff=least)


def closest(name: str, known: Iterable[str]) -> str:
    """Return `" (did you mean a, b?)"` for an error message, or an empty string if no known name is similar."""
    return did_you_mean(similar(name, known))


def did_you_mean(names: Iterable[str]) -> str:
    """Return `" (did you mean a, b?)"` for an error message, or an empty string for no names."""
    text = ", ".join(names)
    return f" (did you mean {text}?)" if text else ""


def remedy(name: str, known: Iterable[str], listed_by: str = "") -> str:
    """Return the end of an error message about a name that does not exist: the closest names, and where all are.

    Examples:
        >>> remedy("transpos", ["transpose", "resize"])
        ' (did you mean transpose?); choose from transpose, resize'

    Args:
        name: the name as it was written.
        known: the names that exist; up to ten are listed.
        listed_by: what lists more than ten names; without it, all of them are listed.
    """
    names = list(known)
    if listed_by and len(names) > _MOST_LISTED:
        listed = f"{listed_by} lists all"
    else:
        listed = f"choose from {', '.join(names)}" if names else "there are none"
    return f"{closest(name, names)}; {listed}"
