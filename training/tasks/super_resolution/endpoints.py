"""The endpoints of a super-resolution network: RGB floats, luma, 8 bits, and encoded pictures."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints
from training.tasks.super_resolution.encoded_pictures import decoded
from zoo.network import field_of
from zoo.registry import ModelName
from zoo.upscaling.picture_network import PictureNetwork


def endpoints(model: keras.Model, name: ModelName) -> Endpoints:
    """Return the endpoints of a network that enlarges luma `[b, h, w, 1]` or RGB `[b, h, w, 3]` in 0..1.

    Pictures are enlarged as `zoo.upscaling.picture_network.PictureNetwork` describes.

    Args:
        model: the network; its weights must not change afterwards.
        name: its name, which has a scale.
    """
    scale = name.period
    network = PictureNetwork(model, field_of(model))

    def enlarged_bytes(image: tf.Tensor) -> tf.Tensor:
        """Return the enlargement of 8-bit RGB pictures, rounded to 8 bits."""
        return tf.cast(tf.round(network.enlarge_rgb(tf.cast(image, tf.float32) / 255.0) * 255.0), tf.uint8)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32, name="image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": network.enlarge_rgb(image)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), tf.float32, name="image")])
    def serve_luma(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": network.enlarge_luma(image)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")])
    def serve_uint8(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": enlarged_bytes(image)}

    def enlarge_one(encoded: tf.Tensor) -> tf.Tensor:
        image = tf.expand_dims(decoded(encoded, scale), 0)
        return tf.io.encode_png(enlarged_bytes(image)[0])

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")])
    def serve_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        # Enlarge one at a time, because the pictures differ in size and each may be large.
        return {"image_bytes": tf.map_fn(enlarge_one, image_bytes, parallel_iterations=1)}

    functions: Endpoints = {"serve": serve, "serve_uint8": serve_uint8, "serve_bytes": serve_bytes}
    return functions | ({"serve_luma": serve_luma} if network.takes_luma else {})


def enlarge_own_kind(model: keras.Model, image: tf.Tensor) -> tf.Tensor:
    """Return the enlargement of luma by a network on luma, and of RGB by a network on RGB."""
    network = PictureNetwork(model, field_of(model))
    return network.enlarge_luma(image) if network.takes_luma else network.enlarge_rgb(image)
