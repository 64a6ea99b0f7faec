"""The endpoints of a generator."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints, any_batch, sampler
from zoo.registry import ModelName


def endpoints(model: keras.Model, _: ModelName) -> Endpoints:
    """Return `serve` from `latent` to `image`, and `sample`, which draws latents."""

    @tf.function(input_signature=[any_batch(model, "latent")])
    def serve(latent: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model(latent, training=False)}

    return {"serve": serve, "sample": sampler(model)}
