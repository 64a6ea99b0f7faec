"""Name the networks of a training: which model, with which arguments."""

import dataclasses
from typing import Any

from training.recipes import Recipe
from zoo.registry import ModelName


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Name the networks of a training.

    Attributes:
        model: the name of the model.
        arguments: the model arguments of the network that is trained.
        published_arguments: the model arguments of the network that is exported.
    """

    model: ModelName
    arguments: dict[str, Any]
    published_arguments: dict[str, Any]


def architecture(model: ModelName, recipe: Recipe, image_shape: tuple[int, int, int], classes: int = 0) -> Architecture:
    """Return the networks of a model for a source.

    A family that takes `image_shape` or `classes` gets those of the source unless the recipe sets them; one that takes
    `collapsed` is exported with it.

    Args:
        model: the name of the model.
        recipe: of the training.
        image_shape: of the source's pictures.
        classes: of the source's pictures; 0 where they have no labels.
    """
    accepted = model.family.arguments
    arguments = dict(recipe.model)
    if "image_shape" in accepted:
        arguments.setdefault("image_shape", list(image_shape))
    if "classes" in accepted and classes:
        arguments.setdefault("classes", classes)
    collapsed = {"collapsed": True} if "collapsed" in accepted else {}
    return Architecture(model, arguments, arguments | collapsed)
