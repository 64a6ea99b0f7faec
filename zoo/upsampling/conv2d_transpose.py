"""Define a transposed convolution that computes in sub-pixel form, with the weights of Keras's own."""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from zoo.arrays import Reach, Shape, places
from zoo.upsampling.arguments import Pair
from zoo.upsampling.frames import SubpixelFrame, TransposeFrame, subpixel_frame
from zoo.upsampling.layouts import from_channels_last, to_channels_last
from zoo.upsampling.shuffle import periodic_shuffle


# Keras finds a layer's weights in a file by the name of its class, so that this one has the name of Keras's.
@keras.saving.register_keras_serializable("zoo")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Compute a transposed convolution as a convolution at low resolution followed by the periodic shuffle.

    It takes the place of `keras.layers.Conv2DTranspose`: it has the same arguments, weights, name and output, loads the
    same weight files, and trains in the same way, because its kernel is rearranged whenever it is called. In a graph
    whose weights are constants, such as a LiteRT or ONNX file, only the rearranged kernel is left. It also runs where
    TensorFlow cannot run Keras's layer: with the channels first on a CPU.

    Example:

    >>> x = np.random.rand(4, 10, 10, 128)
    >>> y = Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(x)
    >>> print(y.shape)
    (4, 20, 20, 32)

    Args:
        *args: as `keras.layers.Conv2DTranspose` takes them.
        **kwargs: as `keras.layers.Conv2DTranspose` takes them. With a `dilation_rate`, which allows no strides, it
            computes as that layer does.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for `"channels_first"`.

    Output shape:
        That of `keras.layers.Conv2DTranspose`.

    Raises:
        ValueError: an argument is out of range, or TensorFlow cannot run Keras's layer (an even size, `"same"` and an
            output padding of 0).

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self._is_dilated:
            self._subpixel_form()

    @property
    def _is_dilated(self) -> bool:
        return max(self.dilation_rate) > 1

    def _subpixel_form(self) -> tuple[SubpixelFrame, Pair, Pair]:
        """Return the frame, the taps, and the zeros before the kernel's entries, as `subpixel_frame` does."""
        frame = TransposeFrame(self.padding, self.output_padding)
        return subpixel_frame(self.kernel_size, self.strides, frame)

    @property
    def taps(self) -> Pair:
        """Return the size of the kernel with which it convolves, in low-resolution pixels."""
        return self._subpixel_form()[1]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Rearrange the kernel, convolve, add the bias, shuffle, crop and activate."""
        if self._is_dilated:
            return super().call(inputs)
        frame, _, _ = self._subpixel_form()
        # TensorFlow's CPU convolutions and their gradients support only channels last.
        x = to_channels_last(inputs, self.data_format)
        if frame.padding != "same":
            x = tf.pad(x, [(0, 0), *frame.padding, (0, 0)])
        padding = "same" if frame.padding == "same" else "valid"
        x = ops.conv(x, self._subpixel_kernel(), padding=padding, data_format="channels_last")
        if self.bias is not None:
            # The bias is added before the shuffle, where TensorFlow can fuse it into the convolution.
            x = tf.nn.bias_add(x, tf.tile(ops.convert_to_tensor(self.bias), [math.prod(self.strides)]))
        x = periodic_shuffle(x, self.strides, "channels_last", training=training)
        (above, below), (left, right) = frame.crop
        x = x[:, above : -below or None, left : -right or None]
        # The activation runs in the final layout, because some activations look along an axis.
        return self.activation(from_channels_last(x, self.data_format))

    def _subpixel_kernel(self) -> Any:
        """Return the kernel as `transpose_to_subpixel` maps it."""
        _, (kh, kw), (above, left) = self._subpixel_form()
        rh, rw = self.strides
        kernel = ops.convert_to_tensor(self.kernel)
        tall, wide, filters, channels = kernel.shape
        missing = (above, kh * rh - tall - above), (left, kw * rw - wide - left)
        if missing != ((0, 0), (0, 0)):
            kernel = tf.pad(kernel, [*missing, (0, 0), (0, 0)])
        # Both transpositions have at most four dimensions, which every runtime supports, and move long runs of numbers.
        kernel = tf.transpose(tf.reshape(kernel, [kh, rh, kw, rw * filters * channels]), [0, 2, 1, 3])
        kernel = tf.reverse(tf.reshape(kernel, [kh * kw, rh * rw * filters, channels]), [0])
        return tf.reshape(tf.transpose(kernel, [0, 2, 1]), [kh, kw, channels, rh * rw * filters])

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds for one example: the rearranged kernel is applied at each place of the input."""
        taps = self.kernel_size if self._is_dilated else self.taps
        entries = math.prod(taps) * math.prod(self.strides) * math.prod(self.kernel.shape[2:])
        return entries * places(input_shape, self.data_format)

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns.

        Raises:
            ValueError: the convolution is dilated.
        """
        if self._is_dilated:
            raise ValueError(f"{self.name} has dilation_rate={self.dilation_rate}; only networks without run in tiles")
        frame, taps, leads = self._subpixel_form()
        reaches = []
        for axis, (before, _) in enumerate(frame.sides(taps)):
            factor = self.strides[axis]
            # The place of the output's first pixel in the full transposed convolution; see zoo.upsampling.frames.
            first = (taps[axis] - 1 - before) * factor + frame.crop[axis][0] - leads[axis]
            reaches.append((factor, first - self.kernel_size[axis] + factor, first))
        return reaches[0], reaches[1]
