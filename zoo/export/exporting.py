"""Export a network to one file for another runtime, and compare the file with the original."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.arrays import Array
from zoo.export.checks import check_target
from zoo.export.examples import pictures_of, random_inputs
from zoo.export.networks import Network, open_network
from zoo.formats.errors import ExportError
from zoo.formats.exporters import EXPORTERS, Exporter
from zoo.system.files import written_beside
from zoo.system.version import project_version
from zoo.system.whole_digits import whole_digits

# The largest difference by which a file may differ from the original, of the largest value; whole numbers of 8 bits may
# differ by one. What calibrated networks lose depends on the pictures, and is reported.
_LARGEST = {None: 1e-4, "float16": 1e-1}


@dataclass(frozen=True)
class Exported:
    """Describe a file that was written.

    Attributes:
        path: of the file.
        format: its name, such as `litert`.
        difference: the largest difference from the original's outputs, of random inputs or of the calibration's.
        psnr: of calibrated outputs against the original's, in dB, a mean over the pictures; None for others.
        operations: how many the file holds, by their names.
        pictures: number of pictures that the file was calibrated with.
        left_out: why pictures of the calibration's folder were left out, a sentence each.
    """

    path: Path
    format: str
    difference: float
    psnr: float | None
    operations: dict[str, int]
    pictures: int = 0
    left_out: tuple[str, ...] = ()


def export(
    source: str | Path | keras.Model,
    target: str | Path,
    *,
    to: str | None = None,
    endpoint: str | None = None,
    size: tuple[int, int] | None = None,
    quantise: str | None = None,
    calibrate: str | Path | None = None,
    modules: Sequence[str] = (),
    force: bool = False,
) -> Exported:
    """Write a network as a file that runs without TensorFlow.

    The file is run once and compared with the original before it appears under its name.

    Example:

    >>> exported = export("espcn_x3_subpixel", "espcn.tflite", endpoint="serve_luma")  # doctest: +SKIP

    Args:
        source: a published name, the folder of a SavedModel, a `.keras` or `.h5` file, or a Keras model.
        target: the file to write; its suffix, `.tflite` or `.onnx`, decides the format.
        to: `"litert"` or `"onnx"`, which must agree with the suffix.
        endpoint: of a SavedModel; by default `serve` of published models and `serving_default` of others.
        size: height and width of the pictures that the file takes, one at a time; by default any, where the network
            takes any.
        quantise: `"float16"`, `"int8"` or `"int16"` (weights of 8 bits, the rest of 16), for LiteRT.
        calibrate: a folder of pictures as the network will see them, which `int8` and `int16` need.
        modules: names of modules that define custom layers of a file, to import before it is loaded.
        force: replace a file that exists.

    Returns:
        What was written, and how much it differs from the original.

    Raises:
        ExportError: the format does not take the network, the file differs from it, or an argument does not fit.
        MissingPackageError: a package that the format needs is not installed.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
    """
    path = Path(target)
    kind = check_target(path, to, quantise, calibrate, force=force)
    exporter = EXPORTERS[kind]
    network = open_network(source, endpoint, modules)
    if any(spec.dtype == tf.string for spec in network.inputs):
        raise ExportError(
            f"{exporter.title} does not take {network.endpoint} of {network.name}: it has no operations that decode "
            "PNG and JPEG; decode pictures in front of another endpoint"
        )
    if quantise == "int16" and size is None and any(None in each.shape[1:] for each in network.inputs):
        raise ExportError(
            f"int16 takes pictures of one size, and {network.name} takes any; give one with --size HEIGHTxWIDTH"
        )
    function = network.traced(size)
    specs = [
        tf.TensorSpec(each.shape, each.dtype, name.name)
        for each, name in zip(_inputs(function), network.inputs, strict=True)
    ]
    names = [spec.name for spec in specs], network.outputs
    pictures, left_out = pictures_of(Path(calibrate), network, specs) if calibrate else ([], ())
    options = {"quantise": quantise, "examples": pictures} if kind == "litert" else {}
    facts = _facts(network, quantise)
    try:
        content = exporter.convert(function, names=names, metadata=facts, **options)
    except ExportError as error:
        raise ExportError(_explained(str(error), exporter, network)) from error
    difference, psnr = _compared(exporter, content, network, pictures or [random_inputs(specs)])
    _check_difference(network, exporter, quantise, difference)
    with written_beside(path) as file:
        file.write(content)
    held = dict(exporter.operations(content))
    return Exported(path, kind, difference, psnr if pictures else None, held, len(pictures), left_out)


def _explained(refusal: str, exporter: Exporter, network: Network) -> str:
    """Return a refusal with what its missing operations mean for a user, where that is known."""
    missing = refusal.partition("it has no ")[2]
    if "Random" not in missing:
        return refusal
    takes = " or ".join(network.latent_endpoints)
    instead = f"export {takes} instead and draw the latents yourself" if takes else "make them an input of the network"
    drawn = "random latents" if takes else "random numbers"
    return (
        f"{exporter.title} does not take {network.endpoint} of {network.name}, which draws {drawn}: {instead} "
        f"(it has no {missing})"
    )


def _inputs(function: Any) -> list[tf.Tensor]:
    """Return the inputs of a concrete function that are no variables."""
    return [each for each in function.inputs if each.dtype != tf.resource]


def _facts(network: Network, quantise: str | None) -> dict[str, Any]:
    """Return what the file says about the network."""
    card = network.facts
    keys = ("family", "upsampler", "scale", "source", "licence", "citation", "metrics", "labels")
    facts = {"name": network.name, "endpoint": network.endpoint, "quantised": quantise, "zoo": project_version()}
    inputs = {each.name: {"shape": each.shape.as_list(), "dtype": each.dtype.name} for each in network.inputs}
    if "image" in inputs:
        inputs["image"]["range"] = [0, 255] if inputs["image"]["dtype"] == "uint8" else [0.0, 1.0]
    return facts | {"inputs": inputs} | {key: card[key] for key in keys if key in card}


@whole_digits()
def _compared(
    exporter: Exporter, content: bytes, network: Network, examples: Sequence[Sequence[Array]]
) -> tuple[float, float]:
    """Return the largest difference from the original of the original's range, and the mean PSNR of the outputs."""
    largest, psnr = 0.0, []
    for inputs in examples:
        outputs = _run(exporter, content, network, inputs)
        expected = [output.numpy() for output in network.call(*map(tf.constant, inputs))]
        squares = []
        for one, other in zip(outputs, expected, strict=True):
            if one.shape != other.shape:
                raise ExportError(f"the file returns {one.shape} where {network.name} returns {other.shape}")
            differences = np.abs(one.astype(np.float64) - other.astype(np.float64))
            span = 1.0 if other.dtype.kind in "ui" else max(1.0, float(np.max(np.abs(other), initial=0.0)))
            largest = max(largest, float(np.max(differences, initial=0.0)) / span)
            squares.append(np.mean(differences**2))
        psnr.append(-10 * np.log10(max(float(np.mean(squares)), 1e-20)))
    return largest, float(np.mean(psnr))


def _run(exporter: Exporter, content: bytes, network: Network, inputs: Sequence[Array]) -> list[Array]:
    try:
        return exporter.runner(content, inputs)()
    # LiteRT finds out only now that an operation knows no numbers of some type.
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        raise ExportError(
            f"{exporter.title} does not run the file of {network.endpoint} of {network.name}: {reason}"
        ) from error


def _check_difference(network: Network, exporter: Exporter, quantise: str | None, difference: float) -> None:
    has_bytes = any(spec.dtype == tf.uint8 for spec in network.inputs)
    limit = 1.0 if has_bytes else _LARGEST.get(quantise, np.inf)
    if not difference <= limit:
        raise ExportError(
            f"{exporter.title} computes other outputs than {network.endpoint} of {network.name}: they differ by "
            f"{difference:.2g} of the range"
        )
