"""Multiply-adds of a network, counted as they are executed."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

Shape = tuple[int | None, ...]

SUPER_RESOLUTION_OUTPUT = (720, 1280)


def executed_multiply_adds(model: "keras.Model", scale: int | None) -> int:
    """Multiply-adds for one input, or for a super-resolution network of that scale for one output of 1280x720."""
    return super_resolution_multiply_adds(model, scale) if scale else multiply_adds(model)


def super_resolution_multiply_adds(model: "keras.Model", scale: int) -> int:
    """Multiply-adds of a super-resolution network for one output of 1280x720, the literature's measure.

    Args:
        model: a functional model that takes any height and width, with paddings `"same"`.
        scale: its factor.
    """
    import keras

    # The work grows with the number of pixels, also where 1280 does not divide by the scale.
    side = 16
    fixed = keras.models.clone_model(model, input_tensors=keras.Input((side, side, model.input_shape[-1])))
    return round(multiply_adds(fixed) * math.prod(SUPER_RESOLUTION_OUTPUT) / (side * scale) ** 2)


def multiply_adds(model: "keras.Model") -> int:
    """Multiply-adds of convolutions and dense layers for one input.

    A kernel's entries are multiplied once at every place where the kernel is applied: at each output place of
    a convolution, but at each *input* place of a transposed one, and at each low-resolution place of a
    sub-pixel convolution. (The literature often counts a stride-r transposed convolution at the size of its
    output, which is r*r times what any implementation does.) Biases, activations and normalisations are free.

    Args:
        model: a functional model with known height and width.

    Raises:
        ValueError: a layer whose work this function does not know.
    """
    import keras

    return sum(
        multiply_adds(layer)
        if isinstance(layer, keras.Model)
        else layer_multiply_adds(layer, layer.input.shape, layer.output.shape)
        for layer in model.layers
        if layer.weights
    )


def layer_multiply_adds(layer: "keras.layers.Layer", input_shape: Shape, output_shape: Shape) -> int:
    """Multiply-adds of one call of a layer for one input, as `multiply_adds` counts them.

    Raises:
        ValueError: a layer whose work this function does not know, or whose height and width are not known.
    """
    from keras import layers

    from zoo.layers.collapsible_conv2d import CollapsibleConv2D
    from zoo.upsampling import PhaseBias, ResizeConv2D, SubpixelConv2D

    if isinstance(layer, layers.Conv2DTranspose):
        return math.prod(layer.kernel.shape) * _places(layer, input_shape)
    if isinstance(layer, SubpixelConv2D):
        return math.prod(layer.kernel.shape) * _places(layer, output_shape) // math.prod(layer.scale)
    if isinstance(layer, layers.Conv2D | ResizeConv2D):
        return math.prod(layer.kernel.shape) * _places(layer, output_shape)
    if isinstance(layer, CollapsibleConv2D):
        work = math.prod(layer.kernel_size) * layer.expand.shape[2] * layer.filters
        return work * _places(layer, output_shape)
    if isinstance(layer, layers.Dense):
        return math.prod(layer.kernel.shape) * math.prod(size or 1 for size in output_shape[1:-1])
    if not isinstance(layer, layers.PReLU | PhaseBias) and any(len(weight.shape) > 1 for weight in layer.weights):
        raise ValueError(f"the multiply-adds of {layer.name}, a {type(layer).__name__}, are not known")
    return 0


def _places(layer: "keras.layers.Layer", shape: Shape) -> int:
    """Height times width of a feature map."""
    grid = shape[2:] if getattr(layer, "data_format", None) == "channels_first" else shape[1:-1]
    if None in grid:
        raise ValueError(f"{layer.name} has no fixed height and width: build the model with an input size")
    return math.prod(size for size in grid if size)
