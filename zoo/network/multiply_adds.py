"""Count the multiply-adds of a network as they are executed."""

import math
from typing import TYPE_CHECKING

from zoo.arrays import Shape, places
from zoo.network.layer_facts import KnowsMultiplyAdds

if TYPE_CHECKING:
    import keras

SUPER_RESOLUTION_OUTPUT = (720, 1280)


def executed_multiply_adds(model: "keras.Model", scale: int | None) -> int:
    """Return the multiply-adds for one input, or for one output of 1280x720 if the model has a scale."""
    return super_resolution_multiply_adds(model, scale) if scale else multiply_adds(model)


def super_resolution_multiply_adds(model: "keras.Model", scale: int) -> int:
    """Return a super-resolution network's multiply-adds for one output of 1280x720, the literature's measure.

    Args:
        model: a functional model that takes any height and width, with paddings `"same"`.
        scale: its factor.
    """
    import keras

    # The work is proportional to the number of pixels, which also holds if 1280 does not divide by the scale.
    side = 16
    fixed = keras.models.clone_model(model, input_tensors=keras.Input((side, side, model.input_shape[-1])))
    return round(multiply_adds(fixed) * math.prod(SUPER_RESOLUTION_OUTPUT) / (side * scale) ** 2)


def multiply_adds(model: "keras.Model") -> int:
    """Return the multiply-adds of a network's convolutions and dense layers for one input.

    Each entry of a kernel is multiplied once at every place where the kernel is applied: at each output place of
    a convolution, but at each *input* place of a transposed one, and at each low-resolution place of a
    sub-pixel convolution. (The literature often counts a stride-r transposed convolution at the size of its
    output, which is r*r times what any implementation does.) Biases, activations and normalisations are free.

    Args:
        model: a functional model with known height and width.

    Raises:
        ValueError: the multiply-adds of a layer are not known.
    """
    import keras

    return sum(
        multiply_adds(layer)
        if isinstance(layer, keras.Model)
        else layer_multiply_adds(layer, layer.input.shape, layer.output.shape)
        for layer in model.layers
        if layer.weights or isinstance(layer, KnowsMultiplyAdds)
    )


def layer_multiply_adds(layer: "keras.layers.Layer", input_shape: Shape, output_shape: Shape) -> int:
    """Return the multiply-adds of one call of a layer for one input, as `multiply_adds` counts them.

    A layer that states them itself (`zoo.network.KnowsMultiplyAdds`) is asked.

    Raises:
        ValueError: the layer's multiply-adds are not known, or its height and width are not.
    """
    from keras import layers

    data_format = getattr(layer, "data_format", None) or "channels_last"
    if isinstance(layer, KnowsMultiplyAdds):
        return layer.multiply_adds(input_shape, output_shape)
    if isinstance(layer, layers.Conv2DTranspose):
        return math.prod(layer.kernel.shape) * places(input_shape, data_format)
    if isinstance(layer, layers.Conv2D):
        return math.prod(layer.kernel.shape) * places(output_shape, data_format)
    if isinstance(layer, layers.Dense):
        return math.prod(layer.kernel.shape) * math.prod(size or 1 for size in output_shape[1:-1])
    if not isinstance(layer, layers.PReLU) and any(len(weight.shape) > 1 for weight in layer.weights):
        raise ValueError(f"the multiply-adds of {layer.name}, a {type(layer).__name__}, are not known")
    return 0
