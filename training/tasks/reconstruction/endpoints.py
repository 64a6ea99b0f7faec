"""The endpoints of an autoencoder."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints, any_batch, serve_and_decode
from zoo.registry import ModelName


def endpoints(model: keras.Model, _: ModelName) -> Endpoints:
    """Return `serve` from `image` to `image`, `encode` to `latent`, and `decode` from `latent`."""
    encoder = model.get_layer("encoder")

    @tf.function(input_signature=[any_batch(encoder, "image")])
    def encode(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"latent": encoder(image, training=False)}

    return {**serve_and_decode(model), "encode": encode}
