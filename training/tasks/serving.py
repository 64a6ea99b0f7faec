"""Endpoints that several kinds of models share."""

from collections.abc import Callable

import keras
import tensorflow as tf

Endpoints = dict[str, Callable[..., dict[str, tf.Tensor]]]


def any_batch(network: keras.Model, name: str) -> tf.TensorSpec:
    """Return the specification of a network's input with any number of examples."""
    return tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name=name)


def serve_and_decode(model: keras.Model) -> Endpoints:
    """Return `serve` from `image` to `image`, and `decode` from `latent` to `image`, of a model with a decoder."""
    decoder = model.get_layer("decoder")

    @tf.function(input_signature=[any_batch(model, "image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model(image, training=False)}

    @tf.function(input_signature=[any_batch(decoder, "latent")])
    def decode(latent: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": decoder(latent, training=False)}

    return {"serve": serve, "decode": decode}


def sampler(decoder: keras.Model) -> Callable[..., dict[str, tf.Tensor]]:
    """Return the endpoint `sample`: `count` pictures of standard normal latents that depend on `seed` alone."""
    latent = int(decoder.input_shape[1])

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32, "count"), tf.TensorSpec((), tf.int64, "seed")])
    def sample(count: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        # The algorithm is named, because the default depends on the device.
        draws = tf.random.stateless_normal([count, latent], tf.stack([seed, 0]), alg="philox")
        return {"image": decoder(draws, training=False)}

    return sample
