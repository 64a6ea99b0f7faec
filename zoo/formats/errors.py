"""Define the errors of exporting."""

import importlib.util
from collections.abc import Sequence

from zoo.system.installed import install


class ExportError(ValueError):
    """Report a network that a format does not take; the message is one line."""


class MissingPackageError(ImportError):
    """Report packages that a format needs and that are not installed; the message is one line."""


def missing_packages(modules: Sequence[str]) -> list[str]:
    """Return those of some modules that are not installed."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def require(use: str, modules: Sequence[str]) -> None:
    """Raise an error that names the modules that are not installed, unless all are.

    Args:
        use: the sentence's subject, such as `running LiteRT models`.
        modules: names to import.

    Raises:
        MissingPackageError: at least one of the modules is not installed.
    """
    if missing := missing_packages(modules):
        raise MissingPackageError(f"{use} needs {' and '.join(missing)}: {install('export')}")
