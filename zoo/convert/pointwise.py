"""Know which operations compute each number from one number, and which commute with nearest-neighbour up-sampling."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from zoo.convert.graph import Call

# Each pointwise activation, with the class of `keras.ops` that computes the same, or None if there is none.
_POINTWISE = {
    "celu": "Celu",
    "elu": "Elu",
    "exponential": None,
    "gelu": "Gelu",
    "hard_shrink": "HardShrink",
    "hard_sigmoid": "HardSigmoid",
    "hard_silu": "HardSilu",
    "hard_tanh": "HardTanh",
    "leaky_relu": "LeakyRelu",
    "linear": None,
    "log_sigmoid": "LogSigmoid",
    "mish": None,
    "relu": "Relu",
    "relu6": "Relu6",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "silu": "Silu",
    "soft_shrink": "SoftShrink",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sparse_plus": "SparsePlus",
    "squareplus": "Squareplus",
    "tanh": "Tanh",
    "tanh_shrink": "TanhShrink",
    "threshold": "Threshold",
}
_POINTWISE_ACTIVATIONS = tuple(getattr(keras.activations, name) for name in _POINTWISE)
POINTWISE_OPERATIONS = tuple(name for name in _POINTWISE.values() if name)
"""Names of the classes of `keras.ops` that compute each number from one number."""


# They normalise with the mean over a picture or a place, which does not change if each pixel is repeated.
_NORMALISATIONS = (
    layers.BatchNormalization,
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.RMSNormalization,
)


class CannotConvertError(ValueError):
    """Say why a layer has no other form."""


def check_activation(layer: layers.Layer) -> None:
    """Raise CannotConvertError if an activation is a layer whose weights or dtype may depend on the form."""
    activation = layer.activation
    if isinstance(activation, layers.Layer):
        if not is_pointwise(activation):
            raise CannotConvertError(f"its activation, a {type(activation).__name__}, may have weights of its own")
        if activation.compute_dtype != layer.compute_dtype:
            raise CannotConvertError(f"its activation computes in {activation.compute_dtype}")


def is_pointwise(activation: Callable[..., Any]) -> bool:
    """Return whether an activation, a function or a layer, is known to compute each number from one number."""
    if isinstance(activation, layers.Activation):
        activation = activation.activation
    return isinstance(activation, layers.ReLU | layers.LeakyReLU | layers.ELU) or activation in _POINTWISE_ACTIVATIONS


def is_pointwise_call(call: Call) -> bool:
    """Return whether a call is known to compute each number from one number, without variables."""
    operation = call.operation
    if not call.plain:
        return False
    if isinstance(operation, layers.Layer):
        return not operation.variables and is_pointwise(operation)
    return type(operation).__module__.startswith("keras.") and type(operation).__name__ in POINTWISE_OPERATIONS


def commutes_with_enlarging(call: Call, data_format: str) -> bool:
    """Return whether a call does the same before nearest-neighbour up-sampling as after it, in training as well.

    Apart from activations, these are layers that treat all pixels of a channel alike.

    Raises:
        CannotConvertError: the call commutes in inference only.
    """
    layer = call.operation
    if getattr(layer, "activity_regularizer", None) is not None or not call.plain:
        return False
    return is_pointwise_call(call) or _treats_pixels_alike(layer, data_format)


def _treats_pixels_alike(layer: Any, data_format: str) -> bool:
    channels, rows, columns = (3, 1, 2) if data_format == "channels_last" else (1, 2, 3)
    # Subclasses may compute anything.
    kind = type(layer)
    if kind is layers.Dropout and layer.rate > 0:
        raise CannotConvertError(
            f"{layer.name}, a Dropout, follows: before the up-sampling it would drop blocks of pixels in training"
        )
    alike = kind in (layers.Dropout, layers.Identity)
    if kind is layers.PReLU:
        alike = {rows, columns} <= set(layer.shared_axes or ())
    elif kind in _NORMALISATIONS:
        axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
        alike = [axis % 4 for axis in axes] == [channels]
    elif kind is layers.Rescaling:
        alike = np.ndim(layer.scale) == np.ndim(layer.offset) == 0
    elif kind is layers.SpatialDropout2D:
        alike = layer.data_format == data_format
    return alike
