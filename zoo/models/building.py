"""Find and build the families. Importing a family's file registers it and imports no framework."""

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import registry
from zoo.system.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    import keras


def families() -> dict[str, registry.Family]:
    """Return every family of this package by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"zoo.models.{module.name}")
    return registry.families()


def model_names() -> list[str]:
    """Return every model name that `build_model` takes."""
    return [name for entry in families().values() for name in entry.model_names()]


def parse_name(name: str) -> registry.ModelName:
    """Split a model name as `zoo.registry.parse_name` does, with every family of this package imported first."""
    families()
    return registry.parse_name(name)


def build_model(name: str, **arguments: Any) -> "keras.Model":
    """Return a freshly initialised functional model.

    Args:
        name: a model name, `<family>[_x<scale>][_<upsampler>]`.
        **arguments: model arguments of the family, such as `filters=48`.

    Raises:
        UnknownNameError: the name or an argument does not exist.
        ValueError: an argument has a value that the family cannot use.
        MissingTensorFlowError: TensorFlow is not installed.
    """
    parts = parse_name(name)
    parts.family.check_arguments(arguments)
    import_tensorflow()
    positional = []
    if parts.upsampler:
        from zoo.upsampling import upsampler

        positional.append(upsampler(parts.upsampler))
    if parts.scale:
        arguments["scale"] = parts.scale
    return parts.family.build(*positional, **arguments)


def build_discriminator(name: str, **arguments: Any) -> "keras.Model":
    """Return the freshly initialised network that a generator is trained against.

    It maps pictures in 0..1 to logits `[batch, 1]`.

    Args:
        name: the generator's model name.
        **arguments: the generator's model arguments; those that the discriminator does not take are ignored.

    Raises:
        UnknownNameError: the name or an argument does not exist.
        ValueError: the family has no discriminator, or an argument has a value that it cannot use.
    """
    entry = parse_name(name).family
    entry.check_arguments(arguments)
    if not entry.discriminator:
        raise ValueError(f"{name} is a {entry.kind} and has no discriminator")
    taken = inspect.signature(entry.discriminator).parameters
    return entry.discriminator(**{key: value for key, value in arguments.items() if key in taken})
