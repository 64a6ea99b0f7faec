"""Give a model its inputs in the structure that it was made with."""

from collections.abc import Sequence
from typing import Any

import keras


def packed(model: keras.Model, inputs: Sequence[Any]) -> Any:
    """Return tensors, in the order of a model's inputs, in the structure that the model takes."""
    if isinstance(model, keras.Sequential):
        return inputs[0]
    return keras.tree.pack_sequence_as(model.input, list(inputs))
