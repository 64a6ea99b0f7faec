"""What a twin makes of pictures, before and after training: checkerboard, spectra, and pictures to look at."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.data import Source, batches, evaluation_batches
from training.publishing.saved_model import ENDPOINTS
from training.runs.config import model_arguments
from training.runs.folder import Run
from training.runs.starting_weights import first_weights
from training.tasks import task_class
from training.tasks.task import Batch, to_float
from training.train import Order, create_task
from zoo import metrics
from zoo.models import build_model
from zoo.pretrained.load import set_saved_weights
from zoo.registry import ModelName
from zoo.upsampling import ResizeConv2D, SubpixelConv2D

CHECKERBOARD = ("spectral", "imbalance", "constant")
"""The three measures: `excess_spectral_energy`, `phase_imbalance` and `constant_response`."""
_PIXELS, _MOST = 2_000_000, 200

Endpoints = Mapping[str, Callable[..., dict[str, tf.Tensor]]]


@dataclasses.dataclass(frozen=True)
class Examples:
    """Validation pictures that every twin is measured on.

    Attributes:
        training: a batch as the task's step gets it.
        batch: as the task's evaluation gets it.
        target: `[n, height, width, channels]` in 0..1.
        border: pixels that are not measured.
    """

    training: Batch
    batch: Batch
    target: tf.Tensor
    border: int


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a network makes of the examples.

    Attributes:
        output: pictures `[n, height, width, channels]`.
        checkerboard: by measure; one that a network does not have is absent.
        spectrum: power by frequency, of the residual or, without a target, of the pictures.
    """

    output: np.ndarray
    checkerboard: dict[str, float]
    spectrum: np.ndarray


def examples(order: Order, source: Source) -> Examples:
    """The first pictures of the validation part, and the first training batch."""
    task = create_task(order, source.image_shape)
    task.check(task.model, source)
    train, validation = task_class(order.recipe.task).data(source, order.recipe, task.model, task.period, order.seed)
    count = int(np.clip(_PIXELS // (validation.shape[0] * validation.shape[1]), 8, _MOST))
    batch = next(iter(evaluation_batches(validation, batch_size=min(count, validation.count))))
    training = next(iter(batches(train, batch_size=order.recipe.batch, seed=order.seed, total_steps=1)))
    border = task.period if order.model.scale else 0
    return Examples(training, batch, to_float(batch["image"]), border)


def before_training(order: Order, source: Source, shown: Examples) -> Measured:
    """What the network makes of the examples with its first weights."""
    task = create_task(order, source.image_shape, first_weights(order, source))
    return _measured(task.model, order.model, shown)


def after_training(order: Order, source: Source, run: Run, shown: Examples) -> Measured:
    """What a finished run's network makes of the examples."""
    model = build_model(str(order.model), **model_arguments(order, source.image_shape)[1])
    set_saved_weights(model, run.saved_model)
    return _measured(model, order.model, shown)


def _measured(model: keras.Model, name: ModelName, shown: Examples) -> Measured:
    period = name.scale or name.family.upsampling
    endpoints = ENDPOINTS[name.family.kind](model, name)
    view = _VIEWS[name.family.kind]
    output = tf.cast(view.output(endpoints, shown.batch), shown.target.dtype)
    target, inner = (_without(border=shown.border, pictures=pictures) for pictures in (shown.target, output))
    spectral: tf.Tensor
    if view.has_target:
        spectral = tf.reduce_mean(metrics.excess_spectral_energy(target, inner, period))
    else:
        spectral = metrics.excess_spectral_energy_of_samples(target, inner, period)
        target = tf.zeros_like(inner)
    found = {
        "spectral": float(spectral),
        "imbalance": float(tf.reduce_mean(metrics.phase_imbalance(target, inner, period))),
        "constant": _constant(model, name, endpoints, shown.batch, period),
    }
    return Measured(
        output.numpy(), {key: value for key, value in found.items() if value is not None}, spectrum(inner - target)
    )


def spectrum_of_data(name: ModelName, shown: Examples) -> np.ndarray | None:
    """What the spectrum of samples is told beside; None where every output has a target of its own."""
    return None if _VIEWS[name.family.kind].has_target else spectrum(shown.target)


def spectrum(pictures: tf.Tensor) -> np.ndarray:
    """Mean power by frequency, 0 to 1/2 cycles a pixel, of the rows and columns of square parts of pictures.

    Args:
        pictures: `[n, height, width, channels]`.

    Returns:
        `[side // 2 + 1]`, where the side is the smaller one of the pictures.
    """
    values = np.asarray(pictures, np.float64)
    side = min(values.shape[1:3])
    values = values[:, :side, :side]
    power = [
        (np.abs(np.fft.rfft(values - values.mean(axis, keepdims=True), axis=axis)) ** 2 / side).mean(
            tuple(other for other in range(4) if other != axis)
        )
        for axis in (1, 2)
    ]
    return np.mean(power, axis=0)


def enlarging_layer(network: keras.Model) -> tuple[keras.Model, keras.layers.Layer] | None:
    """The first layer that up-samples, and the (sub-)model that holds it."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found = enlarging_layer(layer)
            if found:
                return found
        elif isinstance(layer, SubpixelConv2D | ResizeConv2D) or (
            isinstance(layer, keras.layers.Conv2DTranspose) and max(layer.strides) > 1
        ):
            return network, layer
    return None


def _constant(model: keras.Model, name: ModelName, endpoints: Endpoints, batch: Batch, period: int) -> float | None:
    """The response to constant features: mid-grey for a super-resolution network, else the means of the features that
    its first up-sampler gets."""
    if name.scale:
        return metrics.constant_response(model, np.full(model.input_shape[-1], 0.5, np.float32), period)
    found = enlarging_layer(model)
    if not found:
        return None
    network, layer = found
    inputs = _VIEWS[name.family.kind].inputs(network, endpoints, batch)
    features = keras.Model(network.input, layer.input)(inputs, training=False)
    means = np.asarray(tf.reduce_mean(features, axis=(0, 1, 2)), np.float32)
    return metrics.constant_response(keras.Model(layer.input, network.output), means, period)


@dataclasses.dataclass(frozen=True)
class _View:
    """How a kind of network is looked at: pictures out, and what its enlarging part gets."""

    has_target: bool
    output: Callable[[Endpoints, Batch], tf.Tensor]
    inputs: Callable[[keras.Model, Endpoints, Batch], tf.Tensor]


def _reconstructed(endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    return endpoints["serve"](image=tf.cast(to_float(batch["image"]), tf.float32))["image"]


def _encoded(_: keras.Model, endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    return endpoints["encode"](image=tf.cast(to_float(batch["image"]), tf.float32))["latent"]


def _enlarged(endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    low = tf.cast(to_float(batch["low"]), tf.float32)
    return endpoints.get("serve_luma", endpoints["serve"])(image=low)["image"]


def _sampled(endpoints: Endpoints, batch: Batch) -> tf.Tensor:
    count = tf.constant(batch["image"].shape[0], tf.int32)
    return endpoints["sample"](count=count, seed=tf.constant(0, tf.int64))["image"]


def _normal(network: keras.Model, _: Endpoints, batch: Batch) -> tf.Tensor:
    return tf.random.stateless_normal((batch["image"].shape[0], *network.input_shape[1:]), (0, 0))


def _nothing(network: keras.Model, _: Endpoints, batch: Batch) -> Any:
    raise AssertionError(f"{network.name} is measured as a whole")


_VIEWS = {
    "autoencoder": _View(True, _reconstructed, _encoded),
    "vae": _View(True, _reconstructed, _encoded),
    "super-resolution": _View(True, _enlarged, _nothing),
    "generator": _View(False, _sampled, _normal),
}


def _without(pictures: tf.Tensor, border: int) -> tf.Tensor:
    return pictures[:, border:-border, border:-border] if border else pictures
