"""Define the convolution under spectral normalisation."""

import math
from typing import Any

import keras
from keras import initializers, ops

from zoo.arrays import Reach, Shape, kernel_reach, places
from zoo.upsampling.arguments import Pair, Scale, pair, positive


@keras.saving.register_keras_serializable("zoo")
class SpectralConv2D(keras.layers.Layer):
    """Convolve with a kernel that is divided by its largest singular value as a matrix.

    The singular value is estimated by one step of the power iteration per call, from the vector `u` that the
    previous training step left, and the gradient flows through the division. `keras.layers.SpectralNormalization`
    overwrites the kernel with the normalised one instead. Its gradient does not flow through the division, and its
    replicas would have to agree on the kernel in every call.

    Examples:
        >>> layer = SpectralConv2D(16, 3)
        >>> layer(np.zeros((1, 8, 8, 4))).shape
        TensorShape([1, 8, 8, 16])

    Args:
        filters: int, output channels.
        kernel_size: int or pair.
        strides: int or pair.
        padding: `"same"` or `"valid"`. With `"valid"` and a kernel of the picture's size it is a dense layer.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: an argument is out of range.

    Reference:
        Miyato et al., 2018, algorithm 1, https://arxiv.org/abs/1802.05957
    """

    def __init__(
        self, filters: int, kernel_size: Scale, strides: Scale = 1, padding: str = "same", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if padding not in ("same", "valid"):
            raise ValueError(f"padding must be 'same' or 'valid'. Received: padding={padding!r}")
        self.filters = positive(filters, "filters")
        self.kernel_size: Pair = pair(kernel_size, "kernel_size")
        self.strides: Pair = pair(strides, "strides")
        self.padding = padding
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: Shape) -> None:
        """Make kernel, bias and the estimate of the kernel's first singular vector."""
        # The division is done in the variables' precision, also if the convolution runs in a lower one.
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, input_shape[-1], self.filters),
            initializer=initializers.GlorotUniform(),
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.u = self.add_weight(
            name="u",
            shape=(self.filters, 1),
            initializer=initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Convolve with the normalised kernel, and update `u` in training."""
        matrix = ops.reshape(self.kernel, (-1, self.filters))
        v = _unit(ops.matmul(matrix, self.u))
        u = _unit(ops.matmul(ops.transpose(matrix), v))
        v, u = ops.stop_gradient(v), ops.stop_gradient(u)
        if training:
            self.u.assign(u)
        largest = ops.sum(v * ops.matmul(matrix, u))
        kernel = ops.cast(self.kernel / largest, self.compute_dtype)
        output = ops.conv(inputs, kernel, self.strides, self.padding, data_format="channels_last")
        return ops.add(output, self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape, which is that of a Conv2D."""
        lost = (0, 0) if self.padding == "same" else (self.kernel_size[0] - 1, self.kernel_size[1] - 1)
        sides = [
            None if size is None else -(-(size - missing) // stride)
            for size, missing, stride in zip(input_shape[1:3], lost, self.strides, strict=True)
        ]
        return (input_shape[0], *sides, self.filters)

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds for one example; the kernel is normalised once per batch and not counted."""
        return math.prod(self.kernel.shape) * places(output_shape)

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns.

        Raises:
            ValueError: the layer has strides.
        """
        if self.strides != (1, 1):
            raise ValueError(f"{self.name} has strides {self.strides}; only networks without can run in tiles")
        rows, columns = (
            (1, -before, after) for before, after in (kernel_reach(size, self.padding) for size in self.kernel_size)
        )
        return rows, columns

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


def _unit(vector: Any) -> Any:
    """Return the vector divided by its length."""
    return vector / ops.maximum(ops.norm(vector), keras.config.epsilon())
