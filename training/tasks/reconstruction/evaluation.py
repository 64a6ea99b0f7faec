"""Evaluate an exported autoencoder, picture by picture."""

from pathlib import Path

import tensorflow as tf

from training.data import Source
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.quality import measure_quality
from training.tasks.rows import measure_pictures
from training.tasks.task import Batch
from zoo.registry import ModelName

PROTOCOL = "mean over pictures, values in 0..1, peak 1"


def evaluate(saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions) -> Evaluation:
    """Return the quality of every picture that an exported autoencoder reconstructs."""
    model = tf.saved_model.load(str(saved_model))

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        image = tf.cast(batch["image"], tf.float32) / 255.0
        return measure_quality(image, model.serve(image)["image"], name.period)

    return Evaluation(source.name, split, PROTOCOL, list(measure_pictures(measure, source, split, options.show)))
