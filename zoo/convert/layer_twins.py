"""Build the layers of one form that are equal to a layer of the other form, with its weights."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from zoo.arrays import Array
from zoo.convert.pointwise import is_pointwise
from zoo.upsampling import ICNR, PhaseBias, SubpixelConv2D
from zoo.upsampling.arguments import Pair
from zoo.upsampling.equivalence import SubpixelKernel, TransposeKernel
from zoo.upsampling.frames import NOTHING, Sides


class Names:
    """Choose names for new layers that no layer of a model has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def __call__(self, wanted: str) -> str:
        """Return the wanted name, with a number if it is taken."""
        name, number = wanted, 1
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name


def subpixel_layers(
    layer: layers.Layer, twin: SubpixelKernel, scale: Pair, bias: Array | None, names: Names
) -> list[layers.Layer]:
    """Return the layers that are equal to a transposed convolution, built and with its weights.

    They are ZeroPadding2D, SubpixelConv2D, Cropping2D and Activation, as far as they are needed. The last one has the
    layer's name.

    Args:
        layer: the Conv2DTranspose, or the convolution after an up-sampling, whose activation is taken.
        twin: the kernel of the sub-pixel convolution, with its frame.
        scale: the factors.
        bias: the layer's bias; None if it has none.
        names: chooses the names of the new layers.
    """
    kernel, frame = twin.kernel, twin.frame
    same = frame.padding == "same"
    late = _is_late(layer, frame.crop)
    name, last_name = _names(layer, layer.name, frame.crop != NOTHING or late, names)
    main = SubpixelConv2D(
        layer.filters,
        kernel.shape[:2],
        scale,
        name=name,
        padding="same" if same else "valid",
        bias_initializer=layer.bias_initializer,
        bias_regularizer=layer.bias_regularizer,
        bias_constraint=layer.bias_constraint,
        use_bias=layer.use_bias,
        **_kernel_options(layer),
        **({} if late else _activation_options(layer)),
    )
    chain = [] if same else _padding(layer, frame.sides(kernel.shape[:2]), names)
    chain += [main, *_cropping(layer, frame.crop, names, None if late else last_name)]
    if late:
        chain.append(_late_activation(layer, names, last_name))
    _build(chain, layer.data_format, kernel.shape[2])
    _set(main, kernel, bias)
    main.kernel_initializer = layer.kernel_initializer
    return chain


def transpose_layers(
    layer: layers.Layer,
    twin: TransposeKernel,
    scale: Pair,
    bias: Array | None,
    phase_bias: bool,
    names: Names,
    last_name: str | None,
    kind: type[layers.Conv2DTranspose],
) -> list[layers.Layer]:
    """Return the layers that are equal to a sub-pixel or a resize convolution, built and with its weights.

    They are Conv2DTranspose, Cropping2D, PhaseBias and Activation, as far as they are needed.

    Args:
        layer: the SubpixelConv2D, or the convolution before a shuffle or after an up-sampling, whose activation is
            taken.
        twin: the kernel of the transposed convolution, with its frame.
        scale: the strides.
        bias: the layer's bias, in the order of `tf.nn.depth_to_space`; None if it has none.
        phase_bias: whether the bias has an entry for each phase.
        names: chooses the names of the new layers.
        last_name: of the last of the new layers; None if it needs none of those that the old layers have.
        kind: the class of the transposed convolution.
    """
    kernel, frame = twin.kernel, twin.frame
    filters = kernel.shape[2]
    apart = phase_bias and differs_by_phase(layer, bias, filters)
    if bias is not None and not apart:
        bias = bias[:filters]
    late = apart or _is_late(layer, frame.crop)
    activated = late and (layer.activation is not keras.activations.linear or layer.activity_regularizer is not None)
    name, last_name = _names(layer, last_name, frame.crop != NOTHING or apart or activated, names)
    bias_options = {
        "bias_initializer": layer.bias_initializer,
        "bias_regularizer": layer.bias_regularizer,
        "bias_constraint": layer.bias_constraint,
    }
    main = kind(
        filters,
        kernel.shape[:2],
        scale,
        frame.padding,
        frame.output_padding,
        name=name,
        use_bias=bias is not None and not apart,
        **_kernel_options(layer),
        **({} if late else _activation_options(layer)),
        **({} if apart else bias_options),
    )
    chain = [main, *_cropping(layer, frame.crop, names, None if apart or activated else last_name)]
    if apart:
        name = (not activated and last_name) or names(f"{layer.name}_phase_bias")
        pattern = PhaseBias(scale, layer.data_format, name=name, **bias_options, **_common(layer))
        chain.append(pattern)
    if activated:
        chain.append(_late_activation(layer, names, last_name))
    _build(chain, layer.data_format, kernel.shape[3])
    _set(main, kernel, None if apart else bias)
    # ICNR has no meaning for a transposed kernel: the initialiser that it wraps is used.
    initializer = layer.kernel_initializer
    main.kernel_initializer = initializer.initializer if isinstance(initializer, ICNR) else initializer
    if apart:
        pattern.set_weights([bias])
    return chain


def differs_by_phase(layer: layers.Layer, bias: Array | None, filters: int) -> bool:
    """Return whether the phases of a bias differ, or a regulariser or a constraint applies to each of them."""
    if bias is None:
        return False
    alike = np.array_equal(bias, np.tile(bias[:filters], len(bias) // filters))
    return bool(layer.bias_regularizer or layer.bias_constraint) or not alike


def _is_late(layer: layers.Layer, crop: Sides) -> bool:
    """Return whether the activation must come after the crop, because it must not see the cropped pixels."""
    return crop != NOTHING and (layer.activity_regularizer is not None or not is_pointwise(layer.activation))


def _names(layer: layers.Layer, last: str | None, followed: bool, names: Names) -> tuple[str, str | None]:
    """Return the names of the layer that holds the kernel and of the last layer, which may be the same one.

    Args:
        layer: the layer that held the kernel.
        last: the name that the last layer must have; None if it may have any.
        followed: whether other layers follow the one that holds the kernel.
        names: chooses new names.
    """
    if not followed:
        return last or layer.name, None
    return (names(f"{layer.name}_convolution") if last == layer.name else layer.name), last


def _common(layer: layers.Layer) -> dict[str, Any]:
    return {"dtype": layer.dtype_policy, "trainable": layer.trainable}


def _kernel_options(layer: layers.Layer) -> dict[str, Any]:
    return {
        "data_format": layer.data_format,
        "kernel_regularizer": layer.kernel_regularizer,
        "kernel_constraint": layer.kernel_constraint,
        # An initialiser may refuse the other form's shape, so it is assigned after the kernel was made.
        "kernel_initializer": "zeros",
        **_common(layer),
    }


def _activation_options(layer: layers.Layer) -> dict[str, Any]:
    return {"activation": _copied(layer.activation), "activity_regularizer": layer.activity_regularizer}


def _copied(activation: Any) -> Any:
    """Return a copy of an activation that is a layer, because a layer belongs to one model only."""
    return type(activation).from_config(activation.get_config()) if isinstance(activation, layers.Layer) else activation


def _late_activation(layer: layers.Layer, names: Names, name: str | None) -> layers.Layer:
    name = name or names(f"{layer.name}_activation")
    return layers.Activation(name=name, **_activation_options(layer), **_common(layer))


def _padding(layer: layers.Layer, sides: Sides, names: Names) -> list[layers.Layer]:
    if sides == NOTHING:
        return []
    name = names(f"{layer.name}_padding")
    return [layers.ZeroPadding2D(sides, layer.data_format, name=name, **_common(layer))]


def _cropping(layer: layers.Layer, sides: Sides, names: Names, name: str | None) -> list[layers.Layer]:
    if sides == NOTHING:
        return []
    name = name or names(f"{layer.name}_crop")
    return [layers.Cropping2D(sides, layer.data_format, name=name, **_common(layer))]


def _build(chain: Sequence[layers.Layer], data_format: str, channels: int) -> None:
    """Build layers for any height and width."""
    shape: Any = (None, None, None, channels) if data_format == "channels_last" else (None, channels, None, None)
    for layer in chain:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)


def _set(main: layers.Layer, kernel: Array, bias: Array | None) -> None:
    main.set_weights([kernel] if bias is None else [kernel, bias])
