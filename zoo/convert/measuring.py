"""Measure layers and models before and after a conversion, in the runtime that they will run in."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from zoo.convert.graph import Call
from zoo.convert.messages import innermost_reason
from zoo.convert.values import random_like
from zoo.formats.errors import require
from zoo.formats.runtimes import missing, runner
from zoo.system.timing import interleaved_medians

_SECONDS, _FEWEST, _MOST = 1.0, 11, 101


class CannotMeasureError(Exception):
    """Say why a runtime cannot run something; the message is one line."""


def check_runtime(runtime: str) -> None:
    """Raise MissingPackageError, which says what to install, if a runtime is not installed."""
    require(f"measuring in {runtime}", missing(runtime))


class _Running(keras.layers.Layer):
    """Run a function as a layer that holds the layers whose variables the function uses."""

    def __init__(self, run: Callable[[Any], Any], operations: Sequence[Any], dtype: str) -> None:
        super().__init__(dtype=dtype, autocast=False)
        self.inner = [each for each in operations if isinstance(each, keras.layers.Layer)]
        self.run = run

    def call(self, inputs: Any) -> Any:
        return self.run(inputs)


def layer_times(
    old: tuple[Callable[[Any], Any], Sequence[Any]],
    new: tuple[Callable[[Any], Any], Sequence[Any]],
    calls: Sequence[Call],
    runtime: str,
) -> tuple[float, float]:
    """Return the median seconds of some layers' and of other layers' inference, summed over calls.

    Args:
        old: a function of a tensor, and the operations that it runs.
        new: the other function, and its operations.
        calls: give the shape and type of the tensor.
        runtime: one of `zoo.formats.runtimes.RUNTIMES`.

    Raises:
        CannotMeasureError: the runtime cannot run one of them.
    """
    before, after = 0.0, 0.0
    for call in calls:
        taken = call.inputs[0]
        models = []
        for run, operations in (old, new):
            # The layers get no second place in a graph, because they are called inside another layer.
            x = keras.Input(batch_shape=taken.shape, dtype=taken.dtype)
            models.append(keras.Model(x, _Running(run, operations, taken.dtype)(x)))
        times = model_times(models, [random_like(taken)], runtime)
        before, after = before + times[0], after + times[1]
    return before, after


def model_times(models: Sequence[keras.Model], inputs: Sequence[Any], runtime: str) -> list[float]:
    """Return the median seconds of each model's inference, measured alternately.

    Args:
        models: with the same inputs.
        inputs: tensors, in the order of the models' inputs.
        runtime: one of `zoo.formats.runtimes.RUNTIMES`.

    Raises:
        CannotMeasureError: the runtime cannot run one of the models.
    """
    numbers = [np.asarray(x) for x in inputs]
    # Each runtime and each converter reports what it cannot do with exceptions of its own.
    try:
        runs = {place: runner(runtime, model, numbers) for place, model in enumerate(models)}
        medians, _ = interleaved_medians(runs, _SECONDS, _FEWEST, _MOST)
    except Exception as error:
        raise CannotMeasureError(f"{runtime} cannot run it: {innermost_reason(error)}") from error
    return [medians[place] for place in range(len(models))]
