"""What twins cost: parameters, multiply-adds, milliseconds side by side in one run, memory, other runtimes."""

import dataclasses
import importlib.util
import io
import json
import os
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
from training.runs.config import model_arguments
from training.tasks.task import Batch, Task
from training.train import Order, create_task
from zoo.models import build_model
from zoo.network.multiply_adds import SUPER_RESOLUTION_OUTPUT, executed_multiply_adds
from zoo.system.quiet_tensorflow import silent_unless_it_fails
from zoo.system.timing import interleaved_medians

SECONDS, FEWEST, MOST = 4.0, 5, 101

Term = Callable[[], object]
Costs = dict[str, float | None]


def costs(orders: Mapping[str, Order], source: Source, batch: Batch, seconds: float = SECONDS) -> dict[str, Costs]:
    """Every cost of every twin.

    Args:
        orders: by twin; those of one architecture are measured once.
        source: of the comparison.
        batch: one training batch.
        seconds: for the rounds of each kind of time.

    Returns:
        By twin: `parameters`, `multiply_adds`, `forward_ms`, `step_ms`, `xla_ms`, `litert_ms` (None where LiteRT is not
        installed or does not take the network), `memory_mib`.
    """
    distinct = {_architecture(order, source): order for order in orders.values()}
    models = {key: _published(order, source) for key, order in distinct.items()}
    inputs = {key: _input(model, distinct[key]) for key, model in models.items()}
    found: dict[str, Costs] = {key: _counts(model, distinct[key]) for key, model in models.items()}

    tasks = {key: _task(order, source) for key, order in distinct.items()}
    kinds: dict[str, dict[str, Term | None]] = {
        "forward_ms": {key: _forward(model, inputs[key], jit=False) for key, model in models.items()},
        "step_ms": {key: _steps(tasks[key], order, batch) for key, order in distinct.items()},
        "xla_ms": {key: _forward(model, inputs[key], jit=True) for key, model in models.items()},
        "litert_ms": {key: _litert(model, inputs[key][:1]) for key, model in models.items()},
    }
    for kind, terms in kinds.items():
        calls = {key: term for key, term in terms.items() if term}
        times, _ = interleaved_medians(calls, seconds, FEWEST, MOST)
        for key in models:
            count = tasks[key].cycle if kind == "step_ms" else 1
            found[key][kind] = 1000 * times[key] / count if key in times else None
    for key, order in distinct.items():
        found[key]["memory_mib"] = _memory(order, source, batch)
    return {twin: dict(found[_architecture(order, source)]) for twin, order in orders.items()}


def litert_installed() -> bool:
    """Whether Google's `ai-edge-litert` can be imported."""
    return importlib.util.find_spec("ai_edge_litert") is not None


def _architecture(order: Order, source: Source) -> str:
    return json.dumps([str(order.model), model_arguments(order, source.image_shape)[1]], sort_keys=True)


def _published(order: Order, source: Source) -> keras.Model:
    return build_model(str(order.model), **model_arguments(order, source.image_shape)[1])


def _counts(model: keras.Model, order: Order) -> Costs:
    work = executed_multiply_adds(model, order.model.scale)
    return {"parameters": model.count_params(), "multiply_adds": work}


def _input(model: keras.Model, order: Order) -> tf.Tensor:
    """A training batch, or for super-resolution what becomes one picture of 1280x720."""
    *places, channels = model.input_shape[1:]
    shape: tuple[int, ...] = (order.recipe.batch, *places, channels)
    if order.model.scale:
        shape = (1, *(size // order.model.scale for size in SUPER_RESOLUTION_OUTPUT), channels)
    return tf.random.stateless_uniform(shape, (0, 0))


def _forward(model: keras.Model, x: tf.Tensor, *, jit: bool) -> Term:
    graph = tf.function(lambda image: model(image, training=False), jit_compile=jit)
    return lambda: tf.nest.map_structure(_arrived, graph(x))


def _task(order: Order, source: Source) -> Task:
    with precision(order.recipe.precision):
        return create_task(order, source.image_shape)


def _steps(task: Task, order: Order, batch: Batch) -> Term:
    """Training steps on one batch, as many as there are in a cycle of the task."""
    with precision(order.recipe.precision):
        graph = tf.function(lambda step: task.step({**batch, "step": step}))
        graph = graph.get_concrete_function(tf.TensorSpec([], tf.int64))
    numbers = [tf.constant(number, tf.int64) for number in range(task.cycle)]

    def run() -> None:
        for number in numbers:
            tf.nest.map_structure(_arrived, graph(number))

    return run


def _arrived(value: tf.Tensor) -> None:
    """Wait for a result: on accelerators a call returns before its work is done."""
    value.numpy()


def _litert(model: keras.Model, x: tf.Tensor) -> Term | None:
    """One example in LiteRT, on all cores."""
    if not litert_installed():
        return None
    from ai_edge_litert.interpreter import Interpreter
    from tensorflow.lite.python.convert_phase import ConverterError

    graph = tf.function(lambda image: model(image, training=False)).get_concrete_function(
        tf.TensorSpec(x.shape, x.dtype)
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], model)
    with silent_unless_it_fails():
        try:
            content = converter.convert()
        except ConverterError:
            return None
        interpreter = Interpreter(model_content=content, num_threads=os.cpu_count())
        interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x.numpy())
    return interpreter.invoke


def _memory(order: Order, source: Source, batch: Batch) -> float | None:
    """MiB that a process of its own holds at most while it builds, trains three steps and runs forward."""
    facts = {
        "model": str(order.model),
        "recipe": dataclasses.asdict(order.recipe),
        "image_shape": list(source.image_shape),
    }
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in batch.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch.npz"
        content = io.BytesIO()
        np.savez(content, **arrays)
        path.write_bytes(content.getvalue())
        command = [sys.executable, "-m", "training.compare.measure.memory", json.dumps(facts), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None
