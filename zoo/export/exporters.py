"""List the formats to which networks are exported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from zoo.arrays import Array
from zoo.export import litert, onnx
from zoo.export.errors import missing_packages


@dataclass(frozen=True)
class Exporter:
    """Describe a format.

    Attributes:
        suffix: of its files.
        packages: modules that converting and running need and that requirements.txt does not install.
        convert: from a model to a file's content.
        runner: from a file's content, and inputs in the order of the model's, to a function that runs the network
            once and returns all its outputs.
    """

    suffix: str
    packages: tuple[str, ...]
    convert: Callable[[keras.Model], bytes]
    runner: Callable[[bytes, Sequence[Array]], Callable[[], list[Array]]]

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return missing_packages(self.packages)


EXPORTERS: dict[str, Exporter] = {
    "litert": Exporter(".tflite", litert.PACKAGES, litert.to_litert, litert.litert_runner),
    "onnx": Exporter(".onnx", onnx.PACKAGES, onnx.to_onnx, onnx.onnx_runner),
}
