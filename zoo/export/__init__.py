"""Export published models, SavedModels and Keras models to formats that run without TensorFlow."""

import importlib
from typing import TYPE_CHECKING, Any

from zoo.formats.errors import ExportError, MissingPackageError
from zoo.system.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    from zoo.export.exporting import Exported, export
    from zoo.formats.exporters import EXPORTERS, Exporter

__all__ = ["EXPORTERS", "ExportError", "Exported", "Exporter", "MissingPackageError", "export"]

_MODULES = {
    "EXPORTERS": "zoo.formats.exporters",
    "Exporter": "zoo.formats.exporters",
    "Exported": "zoo.export.exporting",
    "export": "zoo.export.exporting",
}


def __getattr__(name: str) -> Any:
    """Import what needs TensorFlow only when it is asked for, so that commands answer at once."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_tensorflow()
    return getattr(importlib.import_module(_MODULES[name]), name)
