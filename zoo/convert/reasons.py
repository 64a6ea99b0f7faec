"""Say why what enlarges pictures has no other form."""

from typing import Any

import keras
from keras import layers

from zoo.convert.graph import Call
from zoo.convert.pointwise import CannotConvertError
from zoo.system.keras_internals import nested_layers
from zoo.upsampling import Conv2DTranspose, SubpixelConv2D

# Code that is not known enlarges if its output is larger by half at least: paddings add less.
_LARGER = 1.5

_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_NO_WEIGHTS = "it has no weights that another form could have"
# By the names of their classes, because Keras exports none for its operations.
_KINDS = {
    "Conv1DTranspose": "only two-dimensional convolutions are converted: depth_to_space takes height and width",
    "Conv3DTranspose": "only two-dimensional convolutions are converted: depth_to_space shuffles no third axis",
    "UpSampling1D": _NO_WEIGHTS,
    "UpSampling3D": _NO_WEIGHTS,
    "Repeat": _NO_WEIGHTS,
}
_HOLDERS: tuple[tuple[type, str], ...] = (
    (
        layers.SpectralNormalization,
        "it divides the kernel of {inner} by its largest singular value whenever it is trained; the other form's "
        "kernel, a matrix of another shape, has another one",
    ),
    (layers.TimeDistributed, "it calls {inner} at each step of time, and only layers that a model calls are replaced"),
    (object, "it holds {inner}, and its calls are not known"),
)


def check_kernel(layer: layers.Layer) -> None:
    """Raise CannotConvertError if the kernel of a convolution is computed from several weights."""
    if getattr(layer, "lora_enabled", False):
        raise CannotConvertError(
            f"LoRA is enabled on {layer.name}: two small matrices are trained in place of its kernel, and the other "
            "form has no such pair"
        )
    if getattr(layer, "quantization_mode", None):
        raise CannotConvertError(f"{layer.name} is quantised to {layer.quantization_mode}, which has no other form")


def refuse_what_enlarges(call: Call, to: str) -> None:
    """Raise CannotConvertError with the reason if a call enlarges pictures and is not in the wanted form.

    Args:
        call: of an operation that is not converted.
        to: the wanted form, `"subpixel"`, `"layer"` or `"transpose"`.
    """
    operation = call.operation
    wanted = _TRANSPOSED if to == "transpose" else (SubpixelConv2D, Conv2DTranspose)
    inner = nested_layers(operation)
    hidden = [layer for layer in inner if isinstance(layer, (*_TRANSPOSED, SubpixelConv2D)) and layer is not operation]
    if names := ", ".join(layer.name for layer in hidden if not isinstance(layer, wanted)):
        reason = next(reason for kind, reason in _HOLDERS if isinstance(operation, kind))
        exchangeable = to == "subpixel" and any(type(layer) is layers.Conv2DTranspose for layer in hidden)
        raise CannotConvertError(reason.format(inner=names) + ('; form="layer" converts it' if exchangeable else ""))
    kind = type(operation).__name__
    if hidden or isinstance(operation, wanted) or not _may_enlarge(call):
        return
    if isinstance(operation, keras.Model):
        raise CannotConvertError("it is a subclassed model with a call of its own, which is not known")
    if isinstance(operation, layers.Lambda) or not type(operation).__module__.startswith(("keras.", "zoo.")):
        raise CannotConvertError(f"{kind} is code of its own, which is not known")
    # All other kinds of Keras only move or pad what they take.
    if kind in _KINDS:
        raise CannotConvertError(_KINDS[kind])


def _may_enlarge(call: Call) -> bool:
    """Return whether a call returns more pixels than it takes, or sizes that are not known."""
    operation: Any = call.operation
    channels_first = getattr(operation, "data_format", keras.config.image_data_format()) == "channels_first"
    for taken in call.inputs:
        for made in call.outputs:
            rank = len(made.shape)
            if rank != len(taken.shape) or not 3 <= rank <= 5:
                continue
            axes = range(2, rank) if channels_first else range(1, rank - 1)
            pairs = [(taken.shape[axis], made.shape[axis]) for axis in axes]
            if any(before is None or after is None or after >= _LARGER * before for before, after in pairs):
                return True
    return False
