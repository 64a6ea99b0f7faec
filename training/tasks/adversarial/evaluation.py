"""The view of a comparison at generators. Their evaluation is that of all models that draw samples."""

import keras
import tensorflow as tf

from training.tasks.kind import View
from training.tasks.serving import Endpoints
from training.tasks.task import Batch


def _samples(_: keras.Model, endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    count = tf.constant(batch["image"].shape[0], tf.int32)
    return endpoints["sample"](count=count, seed=tf.constant(0, tf.int64))["image"]


def _latents(network: keras.Model, _: Endpoints, batch: Batch) -> tf.Tensor:
    return tf.random.stateless_normal((batch["image"].shape[0], *network.input_shape[1:]), (0, 0))


VIEW = View(output=_samples, inputs=_latents)
