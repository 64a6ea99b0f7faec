"""Train classifiers."""

import tensorflow as tf

from training.tasks.classification.endpoints import endpoints
from training.tasks.classification.evaluation import evaluate
from training.tasks.classification.task import Classification
from training.tasks.kind import Kind, Served

KIND = Kind(
    task=Classification,
    endpoints=endpoints,
    evaluate=evaluate,
    metrics=("accuracy", "cross_entropy"),
    served=Served(output="probabilities", of_model=lambda model, image: tf.nn.softmax(model(image, training=False))),
)
