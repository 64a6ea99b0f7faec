"""Convert networks to formats that run without TensorFlow, and run them there."""

from zoo.export.errors import ExportError, MissingPackageError
from zoo.export.exporters import EXPORTERS, Exporter

__all__ = ["EXPORTERS", "ExportError", "Exporter", "MissingPackageError"]
