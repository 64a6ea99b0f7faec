"""What twins cost."""

from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from training.compare import costs as module
from training.compare.costs import costs
from training.data import batches, open_source
from training.train import create_task


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_steps_are_timed_in_the_precision_that_they_are_trained_in(order, monkeypatch, shapes_folder, precision):
    policies = []

    def created(*arguments):
        task = create_task(*arguments)
        policies.append(task.model.dtype_policy.name)
        return task

    monkeypatch.setattr("training.compare.costs.create_task", created)
    monkeypatch.setattr("training.compare.costs.litert_installed", lambda: False)
    source = open_source(f"folder:{shapes_folder}")
    batch = next(iter(batches(source.split("train"), batch_size=12, seed=0, total_steps=1)))
    found = costs({"one": order(settings={"precision": precision})}, source, batch, seconds=0.01)
    assert policies == [precision]
    assert found["one"]["step_ms"] > 0
    assert found["one"]["memory_mib"] > 0
    assert keras.config.dtype_policy().name == "float32"


def test_each_timed_step_has_a_number_of_its_own(order, monkeypatch):
    """A task that does more at every so many steps would do it at all of them."""
    numbers = []
    task = SimpleNamespace(step=lambda batch: {"number": batch["step"]})
    monkeypatch.setattr(module, "create_task", lambda *_: task)
    monkeypatch.setattr(module, "_arrived", lambda value: numbers.append(int(value)))
    step = module._step(order(), SimpleNamespace(image_shape=(28, 28, 1)), {"step": tf.constant(0, tf.int64)})
    for _ in range(3):
        step()
    assert numbers == [1, 2, 3]
