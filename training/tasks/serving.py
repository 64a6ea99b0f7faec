"""What endpoints of several kinds of models have in common."""

from collections.abc import Callable

import keras
import tensorflow as tf

Endpoints = dict[str, Callable[..., dict[str, tf.Tensor]]]


def any_batch(network: keras.Model, name: str) -> tf.TensorSpec:
    """A network's input with any number of examples."""
    return tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name=name)


def serve_and_decode(model: keras.Model) -> Endpoints:
    """`serve` from `image` to `image`, and `decode` from `latent` to `image`, of a model with a decoder."""
    decoder = model.get_layer("decoder")

    @tf.function(input_signature=[any_batch(model, "image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model(image, training=False)}

    @tf.function(input_signature=[any_batch(decoder, "latent")])
    def decode(latent: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": decoder(latent, training=False)}

    return {"serve": serve, "decode": decode}
