"""The one place that writes TensorBoard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams


class Board:
    """Scalars, pictures, text and hparams of one run.

    TensorBoard drops what a killed process wrote past the step at which the resumed one goes on.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One value a tag."""
        with self._writer.as_default(step=step):
            for tag, value in values.items():
                tf.summary.scalar(tag, value)

    def picture(self, step: int, tag: str, picture: tf.Tensor) -> None:
        """A picture `[height, width, channels]` in 0..1."""
        with self._writer.as_default(step=step):
            tf.summary.image(tag, picture[None])

    def describe(self, model: keras.Model, config: Mapping[str, Any], hyperparameters: Mapping[str, Any]) -> None:
        """What is trained, as text, and its hyper-parameters for the table of all runs."""
        lines: list[str] = []
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=100, expand_nested=True)
        settings = "\n".join(f"| {key} | `{value}` |" for key, value in config.items())
        with self._writer.as_default(step=0):
            tf.summary.text("model", "\n".join(f"    {line}" for line in "\n".join(lines).split("\n")))
            tf.summary.text("config", f"| setting | value |\n|---|---|\n{settings}")
            hparams.hparams({key: _plain(value) for key, value in hyperparameters.items()})

    def flush(self) -> None:
        """Bring everything to disk."""
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


def _plain(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)
