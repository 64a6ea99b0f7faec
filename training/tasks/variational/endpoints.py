"""The endpoints of a variational autoencoder."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints, any_batch, sampler, serve_and_decode
from zoo.registry import ModelName


def endpoints(model: keras.Model, _: ModelName) -> Endpoints:
    """Return `serve`, which decodes the mean, `encode` to mean and log-variance, `decode`, and `sample`."""
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")

    @tf.function(input_signature=[any_batch(encoder, "image")])
    def encode(image: tf.Tensor) -> dict[str, tf.Tensor]:
        mean, log_variance = encoder(image, training=False)
        return {"latent": mean, "log_variance": log_variance}

    return {**serve_and_decode(model), "encode": encode, "sample": sampler(decoder)}
