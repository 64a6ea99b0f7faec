"""One file a task: its loss, its step, its metrics, its pictures."""

from typing import TYPE_CHECKING

from training.errors import InputError

if TYPE_CHECKING:
    from training.tasks.task import Task

TASKS = ("reconstruction", "super_resolution", "classification", "variational", "adversarial")


def task_class(name: str) -> "type[Task]":
    """The task of a recipe, by name."""
    if name == "reconstruction":
        from training.tasks.reconstruction.task import Reconstruction

        return Reconstruction
    if name == "super_resolution":
        from training.tasks.super_resolution.task import SuperResolution

        return SuperResolution
    if name == "classification":
        from training.tasks.classification.task import Classification

        return Classification
    if name == "variational":
        from training.tasks.variational.task import Variational

        return Variational
    if name == "adversarial":
        from training.tasks.adversarial.task import Adversarial

        return Adversarial
    raise InputError(f"task {name!r} is not one of {', '.join(TASKS)}")
