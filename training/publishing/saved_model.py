"""A SavedModel with its named endpoints. Each takes named inputs and returns a dict."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.loop.precision import precision
from training.tasks.adversarial.endpoints import generator_endpoints, vae_endpoints
from training.tasks.serving import Endpoints, any_batch, serve_and_decode
from training.tasks.super_resolution.endpoints import super_resolution_endpoints
from zoo.models import build_model, parse_name
from zoo.registry import ModelName


class _Exported(tf.Module):
    """What a SavedModel holds: one function an endpoint, and `variables` in the order of `model.weights`.

    Keras's own ExportArchive stores every weight twice, once as Keras's variable and once as TensorFlow's.
    """

    variables: Sequence[tf.Variable] = ()


def export(name: str, model_arguments: Mapping[str, Any], weights: Sequence[np.ndarray], folder: Path) -> None:
    """Write a SavedModel in float32, whatever the precision and strategy of the training were.

    Args:
        name: of the model.
        model_arguments: that it was built with.
        weights: in the order of `model.weights`.
        folder: to write; it must not exist.
    """
    with precision("float32"):
        model = build_model(name, **model_arguments)
        model.set_weights([np.asarray(value, np.float32) for value in weights])
        parts = parse_name(name)
        endpoints = ENDPOINTS[parts.family.kind](model, parts)
        exported = _Exported()
        exported.variables = [weight.value for weight in model.weights]
        for endpoint, function in endpoints.items():
            setattr(exported, endpoint, function)
        default = next(iter(endpoints.values()))
        tf.saved_model.save(exported, str(folder), signatures={**endpoints, "serving_default": default})


def _autoencoder(model: keras.Model, _: ModelName) -> Endpoints:
    encoder = model.get_layer("encoder")

    @tf.function(input_signature=[any_batch(encoder, "image")])
    def encode(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"latent": encoder(image, training=False)}

    return {**serve_and_decode(model), "encode": encode}


def _classifier(model: keras.Model, _: ModelName) -> Endpoints:
    encoder, logits = model.get_layer("encoder"), model.get_layer("logits")

    @tf.function(input_signature=[any_batch(model, "image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        features = encoder(image, training=False)
        return {"probabilities": tf.nn.softmax(logits(features)), "features": features}

    return {"serve": serve}


def _super_resolution(model: keras.Model, name: ModelName) -> Endpoints:
    assert name.scale is not None, name
    return super_resolution_endpoints(model, name.scale)


# The first endpoint of a kind is its `serving_default`.
ENDPOINTS: dict[str, Callable[[keras.Model, ModelName], Endpoints]] = {
    "autoencoder": _autoencoder,
    "super-resolution": _super_resolution,
    "classifier": _classifier,
    "vae": lambda model, _: vae_endpoints(model),
    "generator": lambda model, _: generator_endpoints(model),
}
