"""Measure the outputs of a twin before and after training: checkerboard, spectra, and pictures to look at."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from training.data import Source, batches, evaluation_batches
from training.request import ResolvedTraining
from training.runs.folder import Run
from training.tasks import kind_of
from training.tasks.create import create_task
from training.tasks.kind import View
from training.tasks.pictures import to_float
from training.tasks.serving import Endpoints
from training.tasks.task import Batch, Task
from zoo import metrics
from zoo.models import build_model
from zoo.pretrained.load import set_saved_weights
from zoo.registry import ModelName
from zoo.upsampling import enlarges

CHECKERBOARD = ("spectral", "imbalance", "constant")
"""The three measures: `excess_spectral_energy`, `phase_imbalance` and `constant_response`."""
_PIXELS, _MOST_PICTURES = 2_000_000, 200


@dataclasses.dataclass(frozen=True)
class Examples:
    """Hold validation pictures that every twin is measured on.

    Attributes:
        training: a batch as the task's step gets it.
        batch: a batch as the task's evaluation gets it.
        target: `[n, height, width, channels]` in 0..1.
        border: width in pixels of the border that is not measured.
    """

    training: Batch
    batch: Batch
    target: tf.Tensor
    border: int


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Hold a network's outputs for the examples, and their measurements.

    Attributes:
        pictures: `[n, height, width, channels]`.
        checkerboard: by measure; a measure that the network does not have is absent.
        spectrum: power by frequency, of the residual or, without a target, of the pictures.
    """

    pictures: np.ndarray
    checkerboard: dict[str, float]
    spectrum: np.ndarray


def load_examples(training: ResolvedTraining, source: Source) -> Examples:
    """Return the first pictures of the validation part, and the first training batch."""
    request = training.request
    task = _task(training)
    task.check(task.model, source)
    train, validation = task.data(source, request.recipe, task.model, task.period, request.seed)
    count = int(np.clip(_PIXELS // (validation.shape[0] * validation.shape[1]), 8, _MOST_PICTURES))
    batch = next(iter(evaluation_batches(validation, batch_size=min(count, validation.count))))
    first = next(iter(batches(train, batch_size=request.recipe.batch, seed=request.seed, total_steps=1)))
    border = task.period if request.model.scale else 0
    return Examples(first, batch, to_float(batch["image"]), border)


def before_training(training: ResolvedTraining, examples: Examples) -> Outputs:
    """Measure the network with its first weights."""
    return _measured(_task(training, start=True).model, training.request.model, examples)


def after_training(training: ResolvedTraining, run: Run, examples: Examples) -> Outputs:
    """Measure the network of a finished run."""
    model = build_model(str(training.request.model), **training.architecture.published_arguments)
    set_saved_weights(model, run.saved_model)
    return _measured(model, training.request.model, examples)


def spectrum_of_data(name: ModelName, examples: Examples) -> np.ndarray | None:
    """Return the spectrum of the data, to compare samples with; None for models whose outputs have targets."""
    return None if name.family.facts.has_target else metrics.line_spectrum(examples.target)


def _task(training: ResolvedTraining, *, start: bool = False) -> Task:
    request = training.request
    return create_task(
        training.architecture,
        request.recipe,
        seed=request.seed,
        start=training.start if start else None,
    )


def _measured(model: keras.Model, name: ModelName, examples: Examples) -> Outputs:
    kind = kind_of(name.family)
    assert kind.view is not None, name
    endpoints = kind.endpoints(model, name)
    output = tf.cast(kind.view.output(model, endpoints, examples.batch), examples.target.dtype)
    target, inner = (_without_border(pictures, examples.border) for pictures in (examples.target, output))
    spectral: tf.Tensor
    if name.family.facts.has_target:
        spectral = tf.reduce_mean(metrics.excess_spectral_energy(target, inner, name.period))
    else:
        spectral = metrics.excess_spectral_energy_of_samples(target, inner, name.period)
        target = tf.zeros_like(inner)
    checkerboard = {
        "spectral": float(spectral),
        "imbalance": float(tf.reduce_mean(metrics.phase_imbalance(target, inner, name.period))),
    }
    constant = _constant(model, name.period, kind.view, endpoints, examples.batch)
    if constant is not None:
        checkerboard["constant"] = constant
    return Outputs(output.numpy(), checkerboard, metrics.line_spectrum(inner - target))


def enlarging_layer(network: keras.Model) -> tuple[keras.Model, keras.layers.Layer] | None:
    """Return the first layer that up-samples and the (sub-)model that holds it, or None."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found = enlarging_layer(layer)
            if found:
                return found
        elif enlarges(layer):
            return network, layer
    return None


def _constant(model: keras.Model, period: int, view: View, endpoints: Endpoints, batch: Batch) -> float | None:
    """Return the response to constant features, or None for a network that does not up-sample.

    They are mid-grey for a network that is measured as a whole, else the means of the features that reach its first
    up-sampler.
    """
    if view.inputs is None:
        return metrics.constant_response(model, np.full(model.input_shape[-1], 0.5, np.float32), period)
    enlarging = enlarging_layer(model)
    if not enlarging:
        return None
    network, layer = enlarging
    inputs = view.inputs(network, endpoints, batch)
    features = keras.Model(network.input, layer.input)(inputs, training=False)
    means = np.asarray(tf.reduce_mean(features, axis=(0, 1, 2)), np.float32)
    return metrics.constant_response(keras.Model(layer.input, network.output), means, period)


def _without_border(pictures: tf.Tensor, border: int) -> tf.Tensor:
    return pictures[:, border:-border, border:-border] if border else pictures
