"""Define linear blocks that collapse to one convolution."""

import math
from typing import Any

import keras
import numpy as np
from keras import initializers, ops

from zoo.arrays import Array, Reach, Shape, kernel_reach, places
from zoo.upsampling.arguments import Pair, Scale, pair, positive


@keras.saving.register_keras_serializable("zoo")
class CollapsibleConv2D(keras.layers.Layer):
    """Convolve with the product of a k x k kernel to `width` channels and a 1x1 kernel to `filters` channels.

    The product of the two kernels is computed in every step and the input is convolved once. A step therefore costs
    little more than a step of the narrow convolution, while the gradient still flows through both factors.

    Examples:
        >>> layer = CollapsibleConv2D(16, 3, width=256, residual=True)
        >>> layer(np.zeros((1, 8, 8, 16))).shape
        TensorShape([1, 8, 8, 16])

    Args:
        filters: int, output channels.
        kernel_size: int or pair, odd if `residual` is set.
        width: int, channels between the two factors.
        residual: add the input to the output, as an identity in the collapsed kernel.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, height, width, filters)`.

    Raises:
        ValueError: an argument is out of range, or `residual` is set and the input does not have `filters` channels.

    Reference:
        Bhardwaj et al., 2022, sections 3.1 to 3.3, https://arxiv.org/abs/2103.09404
    """

    def __init__(
        self, filters: int, kernel_size: Scale, width: int = 256, residual: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive(filters, "filters")
        self.kernel_size: Pair = pair(kernel_size, "kernel_size")
        self.width = positive(width, "width")
        self.residual = residual
        if residual and not all(size % 2 for size in self.kernel_size):
            raise ValueError(f"A residual needs an odd kernel_size. Received: kernel_size={self.kernel_size}")
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: Shape) -> None:
        """Make the two factors and the bias."""
        channels = input_shape[-1]
        if channels is None or (self.residual and channels != self.filters):
            raise ValueError(
                f"CollapsibleConv2D with filters={self.filters}, residual={self.residual} cannot take "
                f"input_shape={tuple(input_shape)}"
            )
        glorot = initializers.GlorotUniform
        self.expand = self.add_weight(
            name="expand", shape=(*self.kernel_size, channels, self.width), initializer=glorot()
        )
        self.project = self.add_weight(name="project", shape=(self.width, self.filters), initializer=glorot())
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Convolve with the collapsed kernel."""
        kernel = ops.matmul(self.expand, self.project)
        if self.residual:
            kernel = kernel + ops.cast(self._identity(), kernel.dtype)
        return ops.add(ops.conv(inputs, kernel, padding="same", data_format="channels_last"), self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape with `filters` channels."""
        return (*input_shape[:-1], self.filters)

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds of the collapsed convolution for one example."""
        return math.prod(self.kernel_size) * self.expand.shape[2] * self.filters * places(output_shape)

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns."""
        rows, columns = ((1, -before, after) for before, after in map(kernel_reach, self.kernel_size))
        return rows, columns

    def collapse(self) -> list[Array]:
        """Return kernel `[kh, kw, channels, filters]` and bias of the Conv2D, padding `"same"`, that is equal."""
        expand, project, bias = (np.asarray(value) for value in self.get_weights())
        kernel = expand.astype(np.float64) @ project.astype(np.float64)
        if self.residual:
            kernel += self._identity()
        return [kernel.astype(expand.dtype), bias]

    def uncollapse(self, kernel: Array, bias: Array) -> None:
        """Set weights with which the layer computes the same as a Conv2D.

        The second factor keeps its values. The first one gets the smallest change with which the product is the kernel.

        Args:
            kernel: `[kh, kw, channels, filters]`.
            bias: `[filters]`.

        Raises:
            ValueError: `width` is less than `filters`, or the kernel has another shape than the layer's.
        """
        expand, project = (np.asarray(value, np.float64) for value in self.get_weights()[:2])
        if kernel.shape != (*expand.shape[:3], self.filters) or self.width < self.filters:
            raise ValueError(
                f"a kernel of {kernel.shape} does not fit {self.name} with factors of {expand.shape} and "
                f"{project.shape}; width must be at least {self.filters}"
            )
        wanted = kernel.astype(np.float64) - (self._identity() if self.residual else 0.0)
        expand += (wanted - expand @ project) @ np.linalg.pinv(project)
        self.set_weights([expand, project, bias])

    def _identity(self) -> Array:
        kernel = np.zeros((*self.kernel_size, self.filters, self.filters))
        kernel[self.kernel_size[0] // 2, self.kernel_size[1] // 2] = np.eye(self.filters)
        return kernel

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "width": self.width,
            "residual": self.residual,
        }


def collapse_into(model: keras.Model, narrow: keras.Model) -> None:
    """Set the weights of a narrow network to those of a trained one, its linear blocks collapsed.

    Args:
        model: a network; it is not changed.
        narrow: a network with the same layer names. In place of each CollapsibleConv2D it has a Conv2D or the same
            layer.
    """
    for layer in narrow.layers:
        if layer.weights:
            source = model.get_layer(layer.name)
            collapses = isinstance(source, CollapsibleConv2D) and not isinstance(layer, CollapsibleConv2D)
            layer.set_weights(source.collapse() if collapses else source.get_weights())
