"""The endpoint of a classifier."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints, any_batch
from zoo.registry import ModelName


def endpoints(model: keras.Model, _: ModelName) -> Endpoints:
    """Return `serve` from `image` to `probabilities` and `features`."""
    encoder, logits = model.get_layer("encoder"), model.get_layer("logits")

    @tf.function(input_signature=[any_batch(model, "image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        features = encoder(image, training=False)
        return {"probabilities": tf.nn.softmax(logits(features)), "features": features}

    return {"serve": serve}
