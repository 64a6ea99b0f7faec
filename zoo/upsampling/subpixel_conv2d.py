"""Define the sub-pixel convolution: a convolution at low resolution, then the periodic shuffle."""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import activations, constraints, initializers, ops, regularizers

from zoo.arrays import Reach, Shape, kernel_reach, places
from zoo.upsampling.arguments import Pair, Scale, layout, one_of, pair, positive
from zoo.upsampling.icnr import ICNR
from zoo.upsampling.layouts import from_channels_last, to_channels_last
from zoo.upsampling.shuffle import periodic_shuffle


@keras.saving.register_keras_serializable("zoo")
class SubpixelConv2D(keras.layers.Layer):
    """Up-sample with a convolution at low resolution followed by the periodic shuffle.

    An ordinary convolution makes `rh * rw * filters` channels, which the shuffle rearranges into rh x rw pixels of
    `filters` channels each. With `kernel_size` k odd and `padding="same"` this is the same linear map as a
    `Conv2DTranspose` with kernel k * r and stride r; `zoo.upsampling.subpixel_to_transpose` returns its kernel.

    Example:

    >>> x = np.random.rand(4, 10, 10, 128)
    >>> y = SubpixelConv2D(32, 3, scale=2, activation="relu")(x)
    >>> print(y.shape)
    (4, 20, 20, 32)

    Args:
        filters: int, the number of output channels.
        kernel_size: int or pair, the size of the kernel in low-resolution pixels.
        scale: int or pair (rh, rw), the up-sampling factor. 1 makes a plain `Conv2D`.
        padding: `"same"` or `"valid"`, of the convolution at low resolution.
        data_format: `"channels_last"` or `"channels_first"`; None is the layout that Keras is configured to use.
        activation: activation of the output; None for none.
        use_bias: whether to add a bias.
        phase_bias: False shares one bias of `filters` entries among the phases, as `Conv2DTranspose` has it;
            True gives each phase its own, as a convolution and a shuffle written by hand have it.
        kernel_initializer: initialiser of the kernel. None is `ICNR("glorot_uniform", scale)`.
        bias_initializer: initialiser of the bias.
        kernel_regularizer: optional regulariser of the kernel.
        bias_regularizer: optional regulariser of the bias.
        activity_regularizer: optional regulariser of the output.
        kernel_constraint: optional constraint on the kernel, of shape
            `(kh, kw, input channels, rh * rw * filters)`.
        bias_constraint: optional constraint on the bias.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for `"channels_first"`.

    Output shape:
        `(batch, rh * height, rw * width, filters)` for `"same"`; for `"valid"`, rh * (height - kh + 1) and
        rw * (width - kw + 1). With the channels second for `"channels_first"`.

    Raises:
        ValueError: an argument is out of range, or the input has no known number of channels or is smaller
            than the kernel under `"valid"`.

    Reference:
        - Shi et al., 2016, https://arxiv.org/abs/1609.05158
        - Shi et al., 2016, https://arxiv.org/abs/1609.07009, on its equality with the transposed convolution
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Scale,
        scale: Scale,
        padding: str = "same",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        phase_bias: bool = False,
        kernel_initializer: Any = None,
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive(filters, "filters")
        self.kernel_size: Pair = pair(kernel_size, "kernel_size")
        self.scale: Pair = pair(scale, "scale")
        self.padding = one_of(padding, "padding", ("same", "valid"))
        self.data_format = layout(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.phase_bias = phase_bias
        if kernel_initializer is None:
            kernel_initializer = ICNR("glorot_uniform", self.scale)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    @property
    def _phases(self) -> int:
        return self.scale[0] * self.scale[1]

    @property
    def _channel_axis(self) -> int:
        return 3 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Shape) -> None:
        """Make the kernel and the bias."""
        self.compute_output_shape(input_shape)
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"SubpixelConv2D needs a known number of channels (data_format={self.data_format!r}). "
                f"Received: input_shape={input_shape}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={self._channel_axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self._phases * self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters * (self._phases if self.phase_bias else 1),),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Convolve, add the bias, shuffle and activate."""
        # TensorFlow's CPU convolutions and their gradients support only channels last.
        x = to_channels_last(inputs, self.data_format)
        x = ops.conv(x, self.kernel, padding=self.padding, data_format="channels_last")
        if self.bias is not None:
            bias = ops.convert_to_tensor(self.bias)
            if not self.phase_bias:
                bias = tf.tile(bias, [self._phases])
            # The bias is added before the shuffle, where TensorFlow can fuse it into the convolution.
            x = tf.nn.bias_add(x, bias)
        x = periodic_shuffle(x, self.scale, "channels_last", training=training)
        # The activation runs in the final layout, because some activations look along an axis.
        return self.activation(from_channels_last(x, self.data_format))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape; unknown sizes stay unknown.

        Raises:
            ValueError: the input does not have four dimensions, or is smaller than the kernel under `"valid"`.
        """
        if len(input_shape) != 4:
            raise ValueError(f"SubpixelConv2D takes four dimensions. Received: input_shape={tuple(input_shape)}")
        first = 1 if self.data_format == "channels_last" else 2
        grid: list[int | None] = []
        for size, kernel, factor in zip(input_shape[first:], self.kernel_size, self.scale, strict=False):
            lost = kernel - 1 if self.padding == "valid" else 0
            if size is not None and size <= lost:
                raise ValueError(
                    f"The input is smaller than the kernel: kernel_size={self.kernel_size}, padding='valid'. "
                    f"Received: input_shape={tuple(input_shape)}"
                )
            grid.append(None if size is None else factor * (size - lost))
        if self.data_format == "channels_first":
            return (input_shape[0], self.filters, *grid)
        return (input_shape[0], *grid, self.filters)

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds for one example: the kernel is applied at each low-resolution place."""
        return math.prod(self.kernel.shape) * places(output_shape, self.data_format) // self._phases

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns."""
        rows, columns = (
            (factor, -factor * before, factor * after)
            for factor, (before, after) in zip(
                self.scale, (kernel_reach(size, self.padding) for size in self.kernel_size), strict=True
            )
        )
        return rows, columns

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "scale": self.scale,
            "padding": self.padding,
            "data_format": self.data_format,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "phase_bias": self.phase_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
