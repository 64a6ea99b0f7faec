"""Define a bias with one entry for each phase, as a convolution and a shuffle written by hand have it."""

from typing import Any

import keras
import tensorflow as tf
from keras import constraints, initializers, ops, regularizers

from zoo.arrays import Reach, Shape
from zoo.upsampling.arguments import Pair, Scale, layout, pair
from zoo.upsampling.layouts import from_channels_last, sizes, to_channels_last


@keras.saving.register_keras_serializable("zoo")
class PhaseBias(keras.layers.Layer):
    """Add a pattern of rh x rw pixels, repeated over the picture.

    A transposed convolution followed by this layer computes the same as a convolution to rh * rw * C channels, each
    with its own bias, followed by the shuffle. It also runs on devices that have no `depth_to_space`.

    Examples:
        >>> PhaseBias(scale=2, bias_initializer="ones")(np.zeros((1, 4, 6, 3))).shape
        TensorShape([1, 4, 6, 3])

    Args:
        scale: int or pair (rh, rw).
        data_format: `"channels_last"` or `"channels_first"`; None is the layout that Keras is configured to use.
        bias_initializer: initialiser of the bias, whose entry `(a * rw + b) * C + c` is for channel c of phase (a, b).
        bias_regularizer: optional regulariser of the bias.
        bias_constraint: optional constraint on the bias.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer.

    Input shape:
        `(batch, height, width, C)`, or with the channels second; height divides by rh and width by rw.

    Output shape:
        The same.

    Raises:
        ValueError: an argument is out of range, or the input has no known number of channels.
    """

    def __init__(
        self,
        scale: Scale,
        data_format: str | None = None,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scale: Pair = pair(scale, "scale")
        self.data_format = layout(data_format)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: Shape) -> None:
        """Make the bias."""
        channels = input_shape[3 if self.data_format == "channels_last" else 1]
        if channels is None:
            raise ValueError(
                f"PhaseBias needs a known number of channels (data_format={self.data_format!r}). "
                f"Received: input_shape={input_shape}"
            )
        self.bias = self.add_weight(
            name="bias",
            shape=(self.scale[0] * self.scale[1] * channels,),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Tile the pattern and add it."""
        x = to_channels_last(inputs, self.data_format)
        rh, rw = self.scale
        _, height, width, channels = sizes(x)
        pattern = tf.reshape(ops.convert_to_tensor(self.bias), [1, rh, rw, channels])
        return from_channels_last(x + tf.tile(pattern, [1, height // rh, width // rw, 1]), self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return tuple(input_shape)

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return 0: biases are not counted."""
        return 0

    def reach(self) -> tuple[Reach, Reach]:
        """Refuse to run in tiles, because the pattern begins at the picture's corner.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.name} adds a pattern whose phase depends on the place in the picture")

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "data_format": self.data_format,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
