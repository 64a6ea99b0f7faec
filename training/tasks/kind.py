"""The descriptor of a kind of model: everything that training and comparing must know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from training.data import Source
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.fitting import fit_source
from training.tasks.serving import Endpoints
from training.tasks.task import Batch, Task
from zoo.registry import ModelName


@dataclass(frozen=True)
class View:
    """Show a comparison how to look at a network.

    Attributes:
        output: from the model, its endpoints and a batch of the task to pictures `[n, height, width, channels]`.
        inputs: from a (sub-)network that up-samples, the endpoints and a batch to the inputs of that (sub-)network.
            None where the network as a whole is measured with constant pictures instead.
    """

    output: Callable[[keras.Model, Endpoints, Batch], tf.Tensor]
    inputs: Callable[[keras.Model, Endpoints, Batch], tf.Tensor] | None = None


@dataclass(frozen=True)
class Served:
    """Say what an exported endpoint must return, to check the export.

    Attributes:
        endpoints: names of endpoints; the first that a SavedModel has is checked.
        output: the name of the endpoint's output.
        of_model: from the model and the endpoint's input to that output.
    """

    endpoints: tuple[str, ...] = ("serving_default",)
    output: str = "image"
    of_model: Callable[[keras.Model, tf.Tensor], tf.Tensor] = lambda model, values: model(values, training=False)


@dataclass(frozen=True)
class Kind:
    """Describe one kind of model.

    Attributes:
        task: its loss, step, evaluation during training, and pictures.
        endpoints: from a model and its name to the functions of its SavedModel; the first is `serving_default`.
        evaluate: from an exported model's folder, its name, a source, a part of it and options to an evaluation.
        metrics: names of the metrics of `evaluate` that a comparison shows; `zoo.metric_catalogue` orders them.
        view: how a comparison looks at it; None for a kind whose families have no up-samplers.
        served: how an endpoint follows from the model's output.
        input_range: the smallest and largest value of an input; None where it has no bounds.
        source_for: from a model's name, its card, a source, the source's name as the user gave it or None, and a
            function that shows a note, to the source to evaluate on and its part.
    """

    task: type[Task]
    endpoints: Callable[[keras.Model, ModelName], Endpoints]
    evaluate: Callable[[Path, ModelName, Source, str, EvaluationOptions], Evaluation]
    metrics: tuple[str, ...]
    view: View | None = None
    served: Served = Served()
    input_range: tuple[float, float] | None = (0.0, 1.0)
    source_for: Callable[[str, Mapping[str, Any], Source, str | None, Callable[[str], None]], tuple[Source, str]] = (
        fit_source
    )
