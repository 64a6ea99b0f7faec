"""Enlarge batches of pictures with a published SavedModel; needs TensorFlow, and nothing of this project."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# The server's log is JSON; TensorFlow would write notices between its lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf


class Enlarger:
    """Enlarge pictures with a SavedModel.

    Args:
        folder: of the SavedModel, such as saved_models/sesr_x2_subpixel.
    """

    def __init__(self, folder: str | Path) -> None:
        self._model = tf.saved_model.load(str(folder))

    def enlarge(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the enlargements, in order; pictures of one size are enlarged in one call."""
        by_size: dict[tuple[int, ...], list[int]] = {}
        for number, picture in enumerate(pictures):
            by_size.setdefault(picture.shape, []).append(number)
        enlarged: dict[int, np.ndarray] = {}
        for numbers in by_size.values():
            batch = tf.constant(np.stack([pictures[number] for number in numbers]))
            enlarged |= dict(zip(numbers, self._model.serve_uint8(image=batch)["image"].numpy(), strict=True))
        return [enlarged[number] for number in range(len(pictures))]
