"""The endpoints of models that draw pictures: variational autoencoders and generators."""

from collections.abc import Callable

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints, any_batch, serve_and_decode


def vae_endpoints(model: keras.Model) -> Endpoints:
    """`serve` decodes the mean, `encode` gives mean and log-variance, `decode` pictures, `sample` draws."""
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")

    @tf.function(input_signature=[any_batch(encoder, "image")])
    def encode(image: tf.Tensor) -> dict[str, tf.Tensor]:
        mean, log_variance = encoder(image, training=False)
        return {"latent": mean, "log_variance": log_variance}

    return {**serve_and_decode(model), "encode": encode, "sample": _sampler(decoder)}


def generator_endpoints(model: keras.Model) -> Endpoints:
    """`serve` takes latents, `sample` draws them."""

    @tf.function(input_signature=[any_batch(model, "latent")])
    def serve(latent: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model(latent, training=False)}

    return {"serve": serve, "sample": _sampler(model)}


def _sampler(decoder: keras.Model) -> Callable[..., dict[str, tf.Tensor]]:
    """`count` pictures of standard normal latents that are a function of `seed` alone, in any process."""
    latent = int(decoder.input_shape[1])

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32, "count"), tf.TensorSpec((), tf.int64, "seed")])
    def sample(count: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        # The algorithm is named, because the default depends on the device.
        draws = tf.random.stateless_normal([count, latent], tf.stack([seed, 0]), alg="philox")
        return {"image": decoder(draws, training=False)}

    return sample
