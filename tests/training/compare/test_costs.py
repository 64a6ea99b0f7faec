"""Test the costs of twins."""

from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from tests.helpers.small_loops import small_loop
from training.compare.measure import costs as module
from training.compare.measure.costs import costs
from training.data import batches, open_source
from training.request import resolve
from training.tasks.create import create_task
from zoo.models import build_model


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_steps_are_timed_in_the_precision_that_they_are_trained_in(order, monkeypatch, shapes_folder, precision):
    policies = []

    def created(*arguments, **options):
        task = create_task(*arguments, **options)
        policies.append(task.model.dtype_policy.name)
        return task

    monkeypatch.setattr("training.compare.measure.costs.create_task", created)
    monkeypatch.setattr("training.compare.measure.costs._litert", lambda *_: None)
    source = open_source(f"folder:{shapes_folder}")
    batch = next(iter(batches(source.split("train"), batch_size=12, seed=0, total_steps=1)))
    found = costs({"one": resolve(order(settings={"precision": precision}), source)}, source, batch, seconds=0.01)
    assert policies == [precision]
    assert found["one"]["step_ms"] > 0
    assert found["one"]["memory_mib"] > 0
    assert keras.config.dtype_policy().name == "float32"


def test_all_steps_of_a_cycle_are_timed(order, monkeypatch):
    """A task may do more in one step of a cycle: timing the first step alone would count that for all steps."""
    numbers = []
    task = SimpleNamespace(step=lambda batch: {"number": batch["step"]}, cycle=3)
    monkeypatch.setattr(module, "_wait_for", lambda value: numbers.append(int(value)))
    run = module._steps(task, order().recipe, {"step": tf.constant(0, tf.int64)})
    run()
    run()
    assert numbers == [0, 1, 2, 0, 1, 2]
    assert small_loop("dcgan_subpixel", 2).task.cycle == 16
    assert small_loop("dcgan_subpixel", 2, gradient_penalty=0.0).task.cycle == 1


def test_litert_is_timed_on_the_network_with_its_weights(monkeypatch):
    runs = []

    def interpreter(content, inputs):
        runs.append((content, inputs))
        return SimpleNamespace(invoke=lambda: None)

    monkeypatch.setattr(module, "interpreter_of", interpreter)
    model = build_model("espcn_x3_subpixel")
    module._litert(model, tf.zeros((1, 8, 8, 1)))()
    ((content, (image,)),) = runs
    assert len(content) > 4 * model.count_params()
    assert image.shape == (1, 8, 8, 1)
