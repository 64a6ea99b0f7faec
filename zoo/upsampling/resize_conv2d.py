"""Define the resize convolution: fixed up-sampling, then a convolution at high resolution."""

import math
from typing import Any

import keras
from keras import ops

from zoo.arrays import Reach, Shape, kernel_reach, places
from zoo.upsampling.arguments import Pair, Scale, one_of, pair
from zoo.upsampling.layouts import from_channels_last, to_channels_last
from zoo.upsampling.resize import bilinear, nearest

_RESIZE = {"nearest": nearest, "bilinear": bilinear}


@keras.saving.register_keras_serializable("zoo")
class ResizeConv2D(keras.layers.Conv2D):
    """Up-sample with nearest-neighbour or bilinear interpolation followed by a convolution.

    Its output has no checkerboard by construction. Its convolution runs at high resolution, so that it costs
    rh * rw times as much as one at low resolution with the same kernel and channels.

    Examples:
        >>> x = np.random.rand(4, 10, 10, 128)
        >>> y = ResizeConv2D(32, 3, scale=2, activation="relu")(x)
        >>> print(y.shape)
        (4, 20, 20, 32)

    Args:
        filters: int, the number of output channels.
        kernel_size: int or pair, the size of the kernel in high-resolution pixels.
        scale: int or pair (rh, rw), the up-sampling factor.
        interpolation: `"nearest"` or `"bilinear"`.
        padding: `"same"` or `"valid"`, of the convolution at high resolution.
        **kwargs: every other argument of `keras.layers.Conv2D`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for `"channels_first"`.

    Output shape:
        `(batch, rh * height, rw * width, filters)` for `"same"`; for `"valid"`, rh * height - kh + 1 and
        rw * width - kw + 1. With the channels second for `"channels_first"`.

    Raises:
        ValueError: an argument is out of range.

    Reference:
        Odena et al., 2016, https://distill.pub/2016/deconv-checkerboard
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Scale,
        scale: Scale,
        interpolation: str = "nearest",
        padding: str = "same",
        **kwargs: Any,
    ) -> None:
        one_of(padding, "padding", ("same", "valid"))
        super().__init__(filters, pair(kernel_size, "kernel_size"), padding=padding, **kwargs)
        self.scale: Pair = pair(scale, "scale")
        self.interpolation = one_of(interpolation, "interpolation", tuple(_RESIZE))
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Resize, then convolve."""
        # TensorFlow's CPU convolutions and their gradients support only channels last.
        x = to_channels_last(inputs, self.data_format)
        x = _RESIZE[self.interpolation](x, self.scale)
        x = ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format="channels_last",
        )
        return from_channels_last(x, self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape; unknown sizes stay unknown."""
        resized = list(input_shape)
        first = 1 if self.data_format == "channels_last" else 2
        for axis, factor in enumerate(self.scale, start=first):
            size = resized[axis]
            resized[axis] = None if size is None else factor * size
        return tuple(super().compute_output_shape(tuple(resized)))

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds for one example: the kernel is applied at each high-resolution place."""
        return math.prod(self.kernel.shape) * places(output_shape, self.data_format)

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns.

        Raises:
            ValueError: the convolution has strides.
        """
        if tuple(self.strides) != (1, 1):
            raise ValueError(f"{self.name} has strides {self.strides}; only networks without can run in tiles")
        rows, columns = (self._reach_along(axis) for axis in (0, 1))
        return rows, columns

    def _reach_along(self, axis: int) -> Reach:
        factor = self.scale[axis]
        neighbours = factor // 2 if self.interpolation == "bilinear" else 0
        before, after = kernel_reach(self.kernel_size[axis], self.padding, self.dilation_rate[axis])
        return factor, -before - neighbours, after + neighbours

    def held_channels(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the channels held at high resolution, where the resized input lies too."""
        axis = -1 if self.data_format == "channels_last" else 1
        return max(input_shape[axis] or 0, output_shape[axis] or 0)

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {**super().get_config(), "scale": self.scale, "interpolation": self.interpolation}
