"""Write TensorBoard's files; nothing else does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams


class Board:
    """Write scalars, pictures, text and hparams of one run.

    TensorBoard drops the events of a killed process after the step at which the run is resumed.
    """

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write one value per tag."""
        with self._writer.as_default(step=step):
            for tag, value in values.items():
                tf.summary.scalar(tag, value)

    def picture(self, step: int, tag: str, picture: tf.Tensor) -> None:
        """Write a picture `[height, width, channels]` in 0..1."""
        with self._writer.as_default(step=step):
            tf.summary.image(tag, picture[None])

    def plot(self, step: int, tag: str, content: bytes) -> None:
        """Write a plot, given as the bytes of a PNG."""
        with self._writer.as_default(step=step):
            tf.summary.image(tag, tf.io.decode_png(content, channels=3)[None])

    def text(self, step: int, tag: str, text: str) -> None:
        """Write a text in Markdown."""
        with self._writer.as_default(step=step):
            tf.summary.text(tag, text)

    def settings(self, values: Mapping[str, Any], run: str) -> None:
        """Write the hyper-parameters of a run, which is a row of that name in the table of all runs."""
        with self._writer.as_default(step=0):
            hparams.hparams({key: _plain(value) for key, value in values.items()}, trial_id=run)

    def describe(self, model: keras.Model, run: str, config: Mapping[str, Any]) -> None:
        """Write the network and the configuration as text, and hyper-parameters for the table of all runs.

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
        written = {key: value for key, value in config.items() if key != "identity"}
        self.text(0, "model", _verbatim("\n".join(lines)))
        self.text(0, "config", _verbatim(json.dumps(written, indent=2)))
        self.settings(settings, run)

    def flush(self) -> None:
        """Write everything to disk."""
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


def _plain(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)


def _verbatim(text: str) -> str:
    """Return Markdown that shows a text as it is."""
    return "\n".join(f"    {line}" for line in text.split("\n"))
