"""One family a file. Importing a family file registers it and imports no framework."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from zoo import registry

if TYPE_CHECKING:
    import keras


def families() -> dict[str, registry.Family]:
    """Every family of this package by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return registry.families()


def model_names() -> list[str]:
    """Every model name that `build_model` takes."""
    return [name for entry in families().values() for name in entry.model_names()]


def parse_name(name: str) -> registry.ModelName:
    """As `zoo.registry.parse_name`, with every family of this package imported first."""
    families()
    return registry.parse_name(name)


def build_model(name: str, **arguments: Any) -> "keras.Model":
    """A freshly initialised functional model.

    Args:
        name: a model name, `<family>[_x<scale>][_<upsampler>]`.
        **arguments: model arguments of the family, such as `filters=48`.

    Raises:
        UnknownNameError: the name or an argument does not exist.
        ValueError: an argument has a value that the family cannot use.
    """
    parts = parse_name(name)
    parts.family.check_arguments(arguments)
    positional = []
    if parts.upsampler:
        from zoo.upsampling import upsampler

        positional.append(upsampler(parts.upsampler))
    if parts.scale:
        arguments["scale"] = parts.scale
    return parts.family.build(*positional, **arguments)
