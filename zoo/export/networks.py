"""Find what to export: an endpoint of a published model, of a SavedModel, or a Keras model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from zoo.export.checks import check_source
from zoo.formats.errors import ExportError
from zoo.formats.inputs import packed
from zoo.names import remedy
from zoo.pretrained import card, verify
from zoo.upscaling.enlarger import is_model_file

DEFAULT_ENDPOINT = "serving_default"


@dataclass(frozen=True)
class Network:
    """Hold a function of tensors to export.

    Attributes:
        name: of the model.
        endpoint: which of its functions.
        inputs: shape, dtype and name of each input; sizes may be None.
        outputs: the outputs' names.
        call: takes one tensor for each input and returns one for each output.
        facts: the card of a published model; empty for any other.
        latent_endpoints: names of the model's endpoints that take latents.
    """

    name: str
    endpoint: str
    inputs: Sequence[tf.TensorSpec]
    outputs: Sequence[str]
    call: Callable[..., list[tf.Tensor]]
    facts: Mapping[str, Any]
    latent_endpoints: Sequence[str] = ()

    def traced(self, size: tuple[int, int] | None = None) -> Any:
        """Return the network as a concrete function.

        Args:
            size: height and width of each picture that it takes, one at a time; None for those that it is made for.
        """
        specs = [_sized(spec, size) for spec in self.inputs]
        return tf.function(self.call, autograph=False).get_concrete_function(*specs)


def open_network(source: str | Path | keras.Model, endpoint: str | None = None, modules: Sequence[str] = ()) -> Network:
    """Return the network of a published name, a SavedModel's folder, a `.keras` or `.h5` file, or a Keras model.

    Args:
        source: what to export.
        endpoint: of a SavedModel; by default `serving_default`, which published models also call `serve`.
        modules: names of modules that define custom layers of a file, to import before it is loaded.

    Raises:
        ExportError: there is no such endpoint.
        CommandError: the file cannot be loaded.
        UnknownNameError: it is none of these.
        VerificationError: a published file differs from the index.
    """
    if isinstance(source, keras.Model):
        return _of_keras(source, endpoint)
    check_source(str(source))
    if is_model_file(str(source)):
        from zoo.convert.loading import load_model

        model = load_model(Path(source), modules)
        model.name = Path(source).stem
        return _of_keras(model, endpoint)
    if (Path(source) / "saved_model.pb").is_file():
        return _of_saved_model(Path(source), Path(source).name, endpoint, {})
    if Path(source).is_dir():
        raise ExportError(f"{source} is a folder without a SavedModel: it holds no saved_model.pb")
    return _of_saved_model(verify(str(source)), str(source), endpoint or "serve", card(str(source)))


def _of_saved_model(folder: Path, name: str, endpoint: str | None, facts: Mapping[str, Any]) -> Network:
    loaded = tf.saved_model.load(str(folder))
    endpoint = endpoint or DEFAULT_ENDPOINT
    if endpoint not in loaded.signatures:
        raise ExportError(f"{name} has no endpoint {endpoint!r}{remedy(endpoint, sorted(loaded.signatures))}")
    function = loaded.signatures[endpoint]
    specs = sorted(function.structured_input_signature[1].items())
    outputs = sorted(function.structured_outputs)
    keys = [key for key, _ in specs]

    def call(*tensors: tf.Tensor) -> list[tf.Tensor]:
        # TensorFlow frees the weights once nothing refers to the loaded object.
        result = loaded.signatures[endpoint](**dict(zip(keys, tensors, strict=True)))
        return [result[output] for output in outputs]

    inputs = [tf.TensorSpec(spec.shape, spec.dtype, key) for key, spec in specs]
    taking_latents = [
        each
        for each, other in sorted(loaded.signatures.items())
        if "latent" in other.structured_input_signature[1] and each != DEFAULT_ENDPOINT
    ]
    return Network(name, endpoint, inputs, outputs, call, facts, taking_latents)


def _of_keras(model: keras.Model, endpoint: str | None) -> Network:
    if endpoint not in (None, "serve", DEFAULT_ENDPOINT):
        raise ExportError(f"{model.name} is a Keras model, which has no endpoint {endpoint!r}; leave it out")
    inputs = [tf.TensorSpec(each.shape, each.dtype, each.name) for each in model.inputs]

    def call(*tensors: tf.Tensor) -> list[tf.Tensor]:
        return keras.tree.flatten(model(packed(model, tensors), training=False))

    # A sequential model has one output, which has no name of its own.
    outputs = getattr(model, "output_names", None) or [model.layers[-1].name]
    return Network(model.name, "serve", inputs, outputs, call, {})


def _sized(spec: tf.TensorSpec, size: tuple[int, int] | None) -> tf.TensorSpec:
    if size is None or spec.shape.rank != 4:
        return spec
    batch, height, width, channels = spec.shape.as_list()
    for known, wanted in ((height, size[0]), (width, size[1])):
        if known not in (None, wanted):
            raise ExportError(
                f"{spec.name} takes pictures of {height or 'any'}x{width or 'any'} pixels, height x width, and not of "
                f"{size[0]}x{size[1]}; leave the size out, or give what fits"
            )
    return tf.TensorSpec((1 if batch is None else batch, *size, channels), spec.dtype, spec.name)
