"""Export a model as a SavedModel with named endpoints, each of which takes named inputs and returns a dict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from training.loop.precision import precision
from training.tasks import kind_of
from zoo.models import build_model, parse_name
from zoo.system.whole_digits import whole_digits


class _Exported(tf.Module):
    """Hold what goes into a SavedModel: one function per endpoint, and `variables` in the order of `model.weights`.

    Keras's own ExportArchive stores every weight twice, once as Keras's variable and once as TensorFlow's.
    """

    variables: Sequence[tf.Variable] = ()


def export(name: str, model_arguments: Mapping[str, Any], weights: Sequence[np.ndarray], folder: Path) -> None:
    """Write a SavedModel in float32, for any precision and strategy of the training.

    Args:
        name: of the model.
        model_arguments: of the model.
        weights: in the order of `model.weights`.
        folder: the folder to write; it must not exist.
    """
    with precision("float32"):
        parts = parse_name(name)
        # The file keeps what endpoints compute from the weights when they are made.
        with whole_digits():
            model = build_model(name, **model_arguments)
            model.set_weights([np.asarray(value, np.float32) for value in weights])
            endpoints = kind_of(parts.family).endpoints(model, parts)
        exported = _Exported()
        exported.variables = [weight.value for weight in model.weights]
        for endpoint, function in endpoints.items():
            setattr(exported, endpoint, function)
        default = next(iter(endpoints.values()))
        tf.saved_model.save(exported, str(folder), signatures={**endpoints, "serving_default": default})
