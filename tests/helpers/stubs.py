"""Stand in for modules that are not installed."""

from importlib.machinery import ModuleSpec
from types import ModuleType


def module(name: str, **attributes: object) -> ModuleType:
    """Return a module with some attributes, to be put into `sys.modules`."""
    stub = ModuleType(name)
    stub.__spec__ = ModuleSpec(name, None)
    vars(stub).update(attributes)
    return stub
