"""Rewrite a Keras model from one up-sampler to the other, with the same outputs."""

from zoo.system.quiet_tensorflow import import_tensorflow

# The modules below import TensorFlow.
import_tensorflow()

from zoo.convert.conversion import convert
from zoo.convert.report import ConversionReport, LayerReport

__all__ = ["ConversionReport", "LayerReport", "convert"]
