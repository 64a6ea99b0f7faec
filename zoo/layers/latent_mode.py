"""Define a choice among modes that a generator reads from its latent numbers."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from zoo.arrays import Shape


@keras.saving.register_keras_serializable("zoo")
class Mode(layers.Layer):
    """Append which of the numbers is the largest, as a vector with one entry that is not zero.

    A continuous map of a normal distribution cannot draw only digits: between any two digits lie pictures that are
    neither (Khayatkhoei et al. 2018, arXiv:1806.00880). With n numbers there are n equally likely choices, which split
    the distribution into separate parts. Gurumurthy et al. 2017 (arXiv:1706.02071) draw from a mixture for this reason.

    Args:
        weight: the value of the entry that is not zero.

    Input shape: `(batch, n)`. Output shape: `(batch, 2 * n)`.
    """

    def __init__(self, weight: float = 8.0, **options: Any) -> None:
        super().__init__(**options)
        self.weight = weight

    def call(self, code: Any) -> Any:
        """Return the numbers, then the choice."""
        # Keras's argmax orders -0 before 0 by operations on bits, which LiteRT and ONNX Runtime do not have.
        largest = ops.one_hot(tf.argmax(code, -1), code.shape[-1], dtype=code.dtype)
        return ops.concatenate([code, self.weight * largest], -1)

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return 0: nothing is multiplied by a weight."""
        return 0

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return super().get_config() | {"weight": self.weight}
