"""Measure the costs of twins: parameters, multiply-adds, memory, and times that alternate in one run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.data import Source
from training.loop.precision import precision
from training.recipes import Recipe, flat
from training.request import ResolvedTraining
from training.tasks.create import create_task
from training.tasks.task import Batch, Task
from zoo.export import ExportError
from zoo.formats.litert import interpreter_of, to_litert
from zoo.models import build_model
from zoo.network.multiply_adds import SUPER_RESOLUTION_OUTPUT, executed_multiply_adds
from zoo.system.timing import interleaved_medians

SECONDS, FEWEST, MOST = 4.0, 5, 101

Term = Callable[[], object]
Costs = dict[str, float | None]


def costs(
    trainings: Mapping[str, ResolvedTraining], source: Source, batch: Batch, seconds: float = SECONDS
) -> dict[str, Costs]:
    """Measure every cost of every twin.

    Args:
        trainings: by twin; twins of one architecture are measured once.
        source: of the comparison.
        batch: one training batch.
        seconds: for the rounds of each kind of time.

    Returns:
        By twin: `parameters`, `multiply_adds`, `forward_ms`, `step_ms`, `xla_ms`, `litert_ms` (None where LiteRT does
        not take the network), `memory_mib`.
    """
    distinct = {_key(training): training for training in trainings.values()}
    models = {key: _published(training) for key, training in distinct.items()}
    inputs = {key: _input(model, distinct[key]) for key, model in models.items()}
    costs_by_key: dict[str, Costs] = {key: _counts(model, distinct[key]) for key, model in models.items()}

    tasks = {key: _task(training) for key, training in distinct.items()}
    kinds: dict[str, dict[str, Term | None]] = {
        "forward_ms": {key: _forward(model, inputs[key], jit=False) for key, model in models.items()},
        "step_ms": {key: _steps(tasks[key], training.request.recipe, batch) for key, training in distinct.items()},
        "xla_ms": {key: _forward(model, inputs[key], jit=True) for key, model in models.items()},
        "litert_ms": {key: _litert(model, inputs[key][:1]) for key, model in models.items()},
    }
    for kind, terms in kinds.items():
        calls = {key: term for key, term in terms.items() if term}
        times, _ = interleaved_medians(calls, seconds, FEWEST, MOST)
        for key in models:
            count = tasks[key].cycle if kind == "step_ms" else 1
            costs_by_key[key][kind] = 1000 * times[key] / count if key in times else None
    for key, training in distinct.items():
        costs_by_key[key]["memory_mib"] = _memory(training, source, batch)
    return {twin: dict(costs_by_key[_key(training)]) for twin, training in trainings.items()}


def _key(training: ResolvedTraining) -> str:
    """Return a text that is equal for twins of one architecture."""
    return json.dumps([str(training.request.model), training.architecture.published_arguments], sort_keys=True)


def _published(training: ResolvedTraining) -> keras.Model:
    return build_model(str(training.request.model), **training.architecture.published_arguments)


def _counts(model: keras.Model, training: ResolvedTraining) -> Costs:
    work = executed_multiply_adds(model, training.request.model.scale)
    return {"parameters": model.count_params(), "multiply_adds": work}


def _input(model: keras.Model, training: ResolvedTraining) -> tf.Tensor:
    request = training.request
    return tf.random.stateless_uniform(input_shape(model, request.model.scale, request.recipe.batch), (0, 0))


def input_shape(model: keras.Model, scale: int | None, batch: int) -> tuple[int, ...]:
    """Return the shape of a training batch, or for super-resolution of the picture that becomes one of 1280x720."""
    *places, channels = model.input_shape[1:]
    if scale:
        return (1, *(size // scale for size in SUPER_RESOLUTION_OUTPUT), channels)
    return (batch, *places, channels)


def _forward(model: keras.Model, x: tf.Tensor, *, jit: bool) -> Term:
    graph = tf.function(lambda image: model(image, training=False), jit_compile=jit)
    return lambda: tf.nest.map_structure(_wait_for, graph(x))


def _task(training: ResolvedTraining) -> Task:
    request = training.request
    with precision(request.recipe.precision):
        return create_task(training.architecture, request.recipe, seed=request.seed)


def _steps(task: Task, recipe: Recipe, batch: Batch) -> Term:
    """Return a function that takes the training steps of one cycle of the task on one batch."""
    with precision(recipe.precision):
        graph = tf.function(lambda step: task.step({**batch, "step": step}))
        graph = graph.get_concrete_function(tf.TensorSpec([], tf.int64))
    numbers = [tf.constant(number, tf.int64) for number in range(task.cycle)]

    def run() -> None:
        for number in numbers:
            tf.nest.map_structure(_wait_for, graph(number))

    return run


def _wait_for(value: tf.Tensor) -> None:
    """Wait for a result, because on accelerators a call returns before its work is done."""
    value.numpy()


def _litert(model: keras.Model, x: tf.Tensor) -> Term | None:
    """Return one example's forward pass in LiteRT on all cores, or None where it cannot run."""
    try:
        content = to_litert(model, [tf.TensorSpec(x.shape, x.dtype)])
    except ExportError:
        return None
    return interpreter_of(content, [x.numpy()]).invoke


def _memory(training: ResolvedTraining, source: Source, batch: Batch) -> float | None:
    """Return the peak memory in MiB of a separate process that builds the networks and trains three steps."""
    facts = {
        "model": str(training.request.model),
        "recipe": flat(training.request.recipe),
        "image_shape": list(source.image_shape),
    }
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in batch.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch.npz"
        np.savez(path, **arrays)
        command = [sys.executable, "-m", "training.compare.measure.memory", json.dumps(facts), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None
