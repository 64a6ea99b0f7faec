"""List the formats to which networks are exported by the suffixes of their files, without loading a framework."""

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}
"""The suffix of a format's files. `zoo.formats.exporters` says how each is written."""
