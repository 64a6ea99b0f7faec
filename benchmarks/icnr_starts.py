"""Start twins from one of several initialisers of their up-sampling kernels, all other weights being equal."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from zoo.models import build_model
from zoo.registry import ModelName
from zoo.upsampling import ICNR, SubpixelConv2D, converted_weights

STARTS = ("icnr", "glorot", "icnr_small", "glorot_large")
"""Initialisers of sub-pixel kernels.

- `icnr`: Glorot's variance for a kernel of the layer's filters, one sub-kernel tiled over all phases.
- `glorot`: Glorot's variance for the whole kernel, whose phases differ.
- `icnr_small`: one sub-kernel tiled over all phases, with the variance that `glorot` has.
- `glorot_large`: phases that differ, with the variance that `icnr` has.

The first two differ in both variance and phases, the others in one of them from each.
"""
FORMS = ("subpixel", "transpose")
"""Up-samplers; the transposed twin starts as the function of the sub-pixel one."""


def drawn(start: str, shape: tuple[int, ...], scale: tuple[int, int], seed: int) -> np.ndarray:
    """Return a sub-pixel kernel.

    Args:
        start: one of `STARTS`.
        shape: of the kernel, `(kh, kw, input channels, rh * rw * filters)`.
        scale: `(rh, rw)`.
        seed: of the draw.
    """
    *size, inputs, outputs = shape
    filters = outputs // math.prod(scale) if start in ("icnr", "glorot_large") else outputs
    limit = math.sqrt(6 / (math.prod(size) * (inputs + filters)))
    uniform = keras.initializers.RandomUniform(-limit, limit, seed=seed)
    initializer = ICNR(uniform, scale) if start.startswith("icnr") else uniform
    return keras.ops.convert_to_numpy(initializer(shape))


def all_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a model and of the models inside it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer


class Start:
    """Start a model from an initialiser, as `training.runs.starting_weights.StartingWeights` describes.

    Args:
        start: one of `STARTS`.
        model: the name of the model.
        arguments: of the trained model.
        seed: of the run.
    """

    def __init__(self, start: str, model: ModelName, arguments: Mapping[str, Any], seed: int) -> None:
        self.name = self.fingerprint = f"start:{start}"
        self.legs: list[dict[str, Any]] = []
        self._start, self._arguments, self._seed = start, arguments, seed
        self._twin = str(ModelName(model.family, model.scale, FORMS[0]))

    def apply(self, model: keras.Model) -> None:
        """Set all weights of a model of either form."""
        keras.utils.set_random_seed(self._seed)
        twin = build_model(self._twin, **self._arguments)
        for number, layer in enumerate(all_layers(twin)):
            if isinstance(layer, SubpixelConv2D):
                seed = 1000 * self._seed + number
                layer.kernel.assign(drawn(self._start, tuple(layer.kernel.shape), layer.scale, seed))
        copy_weights(twin, model)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Set the weights of a model to those with which it computes what its twin computes."""
    for layer, other in zip(all_layers(source), all_layers(target), strict=True):
        if layer.weights:
            weights = converted_weights(layer, other)
            assert weights is not None, layer.name
            other.set_weights(weights)


def kernel_facts(model: keras.Model) -> dict[str, float]:
    """Return the deviation of a sub-pixel model's up-sampling weights, and how much of their variance is among phases.

    The share among phases is 0 where all phases of a kernel are equal, and 1 - 1 / (rh * rw) on average where they are
    independent.
    """
    variances, among = [], []
    for layer in all_layers(model):
        if isinstance(layer, SubpixelConv2D):
            kernel = keras.ops.convert_to_numpy(layer.kernel).astype(np.float64)
            phases = kernel.reshape(-1, math.prod(layer.scale), layer.filters)
            variances.append(np.mean(kernel**2))
            among.append(np.mean(phases.var(axis=1)))
    return {
        "kernel_deviation": float(np.sqrt(np.mean(variances))),
        "share_among_phases": float(np.sum(among) / np.sum(variances)),
    }
