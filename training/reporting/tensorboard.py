"""The one place that writes TensorBoard."""

import json
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

    def plot(self, step: int, tag: str, content: bytes) -> None:
        """A plot, as a PNG."""
        with self._writer.as_default(step=step):
            tf.summary.image(tag, tf.io.decode_png(content, channels=3)[None])

    def text(self, step: int, tag: str, text: str) -> None:
        """A text in Markdown."""
        with self._writer.as_default(step=step):
            tf.summary.text(tag, text)

    def settings(self, values: Mapping[str, Any], run: str) -> None:
        """The hyper-parameters of a run that has a row of that name in the table of all runs."""
        with self._writer.as_default(step=0):
            hparams.hparams({key: _plain(value) for key, value in values.items()}, trial_id=run)

    def describe(self, model: keras.Model, run: str, config: Mapping[str, Any]) -> None:
        """What is trained, as text, and its hyper-parameters for the table of all runs.

        Args:
            model: the published network.
            run: `<model>/<run id>`, the name of the table's row.
            config: the run's configuration.
        """
        lines: list[str] = []
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=100, expand_nested=True)
        recipe = dict(config["recipe"])
        arguments = {f"model.{name}": value for name, value in recipe.pop("model").items()}
        settings = {"model": config["model"], "seed": config["seed"], **recipe, **arguments}
        told = {key: value for key, value in config.items() if key != "identity"}
        self.text(0, "model", _verbatim("\n".join(lines)))
        self.text(0, "config", _verbatim(json.dumps(told, indent=2)))
        self.settings(settings, run)

    def flush(self) -> None:
        """Bring everything to disk."""
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


def _plain(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)


def _verbatim(text: str) -> str:
    """Markdown that shows a text as it is."""
    return "\n".join(f"    {line}" for line in text.split("\n"))
