"""Convert networks to formats that run without TensorFlow, and run them there."""

import importlib
from typing import TYPE_CHECKING, Any

from zoo.export.errors import ExportError, MissingPackageError

if TYPE_CHECKING:
    from zoo.export.exporters import EXPORTERS, Exporter
    from zoo.export.exporting import Exported, export

__all__ = ["EXPORTERS", "ExportError", "Exported", "Exporter", "MissingPackageError", "export"]

_MODULES = {"EXPORTERS": "exporters", "Exporter": "exporters", "Exported": "exporting", "export": "exporting"}


def __getattr__(name: str) -> Any:
    """Import what needs TensorFlow only when it is asked for, so that commands answer at once."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
