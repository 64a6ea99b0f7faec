"""Tasks: how each kind of model is trained, exported, evaluated and compared.

`KINDS` is the only table that leads from a kind to its package. A package is imported when its kind is asked for,
because it loads TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

from zoo.registry import KINDS as KIND_FACTS
from zoo.registry import Family, KindFacts

if TYPE_CHECKING:
    from training.tasks.kind import Kind

KINDS: dict[str, str] = {
    "autoencoder": "training.tasks.reconstruction",
    "vae": "training.tasks.variational",
    "generator": "training.tasks.adversarial",
    "super-resolution": "training.tasks.super_resolution",
    "classifier": "training.tasks.classification",
}
"""The package that holds each kind's `KIND`."""


def kind_of(family: Family) -> "Kind":
    """Return what training knows of a family's kind."""
    kind: Kind = importlib.import_module(KINDS[family.kind]).KIND
    return kind


def task_name(family: Family) -> str:
    """Return the name of a family's task, which is that of its package, as `config.json` has it."""
    return KINDS[family.kind].rpartition(".")[2]


def register_kind(name: str, package: str, facts: KindFacts | None = None) -> None:
    """Add a kind of model.

    Args:
        name: of the kind, as `zoo.registry.family` takes it.
        package: the dotted name of a module that holds a `training.tasks.kind.Kind` called `KIND`.
        facts: about the kind; by default its models neither draw nor classify, and their outputs have targets.

    Raises:
        ValueError: the name is taken.
    """
    if name in KINDS:
        raise ValueError(f"kind {name!r} is registered already, by {KINDS[name]}; choose another name")
    KINDS[name] = package
    KIND_FACTS[name] = facts or KindFacts()
