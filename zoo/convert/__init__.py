"""Rewrite a Keras model from one up-sampler to the other, with the same outputs."""

from zoo.convert.conversion import convert
from zoo.convert.report import ConversionReport, LayerReport

__all__ = ["ConversionReport", "LayerReport", "convert"]
