"""List the formats to which networks are exported."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.arrays import Array
from zoo.formats import litert, litert_contents, onnx
from zoo.formats.errors import missing_packages
from zoo.formats.suffixes import SUFFIXES


@dataclass(frozen=True)
class Exporter:
    """Describe a format.

    Attributes:
        title: as its makers write it.
        suffix: of its files.
        packages: modules that converting and running need and that requirements.txt does not install.
        convert: from a model or a concrete function to a file's content.
        runner: from a file's content, and inputs in the order of the model's, to a function that runs the network
            once and returns all its outputs.
        operations: from a file's content to the number of its operations, by their names.
        metadata: from a file's content to the facts in it.
    """

    title: str
    suffix: str
    packages: tuple[str, ...]
    convert: Callable[..., bytes]
    runner: Callable[[bytes, Sequence[Array]], Callable[[], list[Array]]]
    operations: Callable[[bytes], Counter[str]]
    metadata: Callable[[bytes], dict[str, Any]]

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return missing_packages(self.packages)


EXPORTERS: dict[str, Exporter] = {
    "litert": Exporter(
        "LiteRT",
        SUFFIXES["litert"],
        litert.PACKAGES,
        litert.to_litert,
        litert.litert_runner,
        litert_contents.operations,
        litert_contents.read_metadata,
    ),
    "onnx": Exporter(
        "ONNX", SUFFIXES["onnx"], onnx.PACKAGES, onnx.to_onnx, onnx.onnx_runner, onnx.operations, onnx.read_metadata
    ),
}
