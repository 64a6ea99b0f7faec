"""The endpoints of a super-resolution model: RGB floats, luma, 8 bits, and encoded pictures."""

import keras
import tensorflow as tf

from training.tasks.serving import Endpoints
from training.tasks.super_resolution.encoded_pictures import decoded
from zoo.upscaling.luma_networks import enlarge_luma, enlarge_rgb, takes_luma


def super_resolution_endpoints(model: keras.Model, scale: int) -> Endpoints:
    """Functions of a network that enlarges luma `[b, h, w, 1]` or RGB `[b, h, w, 3]` in 0..1 by `scale`.

    A luma network's chroma is enlarged bicubically. Heights and widths go down to 1.
    """

    def enlarged_bytes(image: tf.Tensor) -> tf.Tensor:
        """The same in 8 bits, rounded."""
        return tf.cast(tf.round(enlarge_rgb(model, tf.cast(image, tf.float32) / 255.0, scale) * 255.0), tf.uint8)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32, name="image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": enlarge_rgb(model, image, scale)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), tf.float32, name="image")])
    def serve_luma(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": enlarge_luma(model, image)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")])
    def serve_uint8(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": enlarged_bytes(image)}

    def enlarge_one(encoded: tf.Tensor) -> tf.Tensor:
        image = tf.expand_dims(decoded(encoded, scale), 0)
        return tf.io.encode_png(enlarged_bytes(image)[0])

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")])
    def serve_bytes(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        # One after the other: the pictures differ in size, and each may be large.
        return {"image_bytes": tf.map_fn(enlarge_one, image_bytes, parallel_iterations=1)}

    endpoints: Endpoints = {"serve": serve, "serve_uint8": serve_uint8, "serve_bytes": serve_bytes}
    return endpoints | ({"serve_luma": serve_luma} if takes_luma(model) else {})
