"""The view of a comparison at models with an encoder and a decoder."""

import keras
import tensorflow as tf

from training.tasks.kind import View
from training.tasks.pictures import to_float
from training.tasks.serving import Endpoints
from training.tasks.task import Batch


def _output(_: keras.Model, endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    return endpoints["serve"](image=tf.cast(to_float(batch["image"]), tf.float32))["image"]


def _latents(_: keras.Model, endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    return endpoints["encode"](image=tf.cast(to_float(batch["image"]), tf.float32))["latent"]


DECODER_VIEW = View(output=_output, inputs=_latents)
