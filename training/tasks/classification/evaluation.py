"""Evaluate an exported classifier, picture by picture."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from training.data import Source
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.classification.task import accuracy, cross_entropy
from training.tasks.rows import measure_pictures
from training.tasks.task import Batch
from zoo.registry import ModelName

PROTOCOL = "share of pictures whose likeliest class is the label; mean cross-entropy in nats"


def evaluate(saved_model: Path, _: ModelName, source: Source, split: str, options: EvaluationOptions) -> Evaluation:
    """Return accuracy and cross-entropy of an exported classifier on every picture."""
    model = tf.saved_model.load(str(saved_model))

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        probabilities = model.serve(tf.cast(batch["image"], tf.float32) / 255.0)["probabilities"]
        logits = tf.math.log(tf.maximum(probabilities, np.finfo(np.float32).tiny))
        return {
            "accuracy": accuracy(batch["label"], logits),
            "cross_entropy": cross_entropy(batch["label"], logits),
        }

    rows = list(measure_pictures(measure, source, split, options.show, labels=True))
    return Evaluation(source.name, split, PROTOCOL, rows)
