"""Count the all-reduces of a training step while TensorFlow traces it, because a formula could miss some."""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import tensorflow as tf

from training.recipes import Recipe, recipe_for
from training.tasks.architecture import architecture
from training.tasks.create import create_task
from training.tasks.task import Batch
from zoo.models import parse_name


def counts(name: str, image_shape: tuple[int, int, int] | None) -> dict[str, int]:
    """Return a step's counts under a model's recipe, named like the attributes of `scripts.scaling.Work`.

    The sums of losses are left out: they are a few bytes, and no step waits for them.

    Args:
        name: of the model.
        image_shape: of the model's pictures; None for patches.
    """
    model_name = parse_name(name)
    recipe = recipe_for(model_name.family, None, {})
    one = tf.distribute.MirroredStrategy(["CPU:0"])
    with one.scope():
        task = create_task(architecture(model_name, recipe, image_shape or (0, 0, 0)), recipe)
    batch = _batch(recipe, image_shape, model_name.scale or 1, int(task.model.input_shape[-1]))
    with _counted() as sizes:
        tf.function(lambda: one.run(task.step, args=(batch,))).get_concrete_function()
    weights = [weight for network in task.networks.values() for weight in network.trainable_variables]
    return {
        "parameters": sum(int(tf.size(weight.value)) for weight in weights),
        "batch": recipe.batch,
        "turns": recipe.adversarial.discriminator_steps,
        "operations": len(sizes),
        "reduced_bytes": sum(sizes),
        "example_bytes": sum(int(tf.size(batch[key])) // recipe.batch for key in ("image", "low") if key in batch),
    }


def _batch(recipe: Recipe, image_shape: tuple[int, int, int] | None, scale: int, channels: int) -> Batch:
    """Return a black batch with every entry that any task reads."""
    side = recipe.super_resolution.patch
    shape = image_shape or (scale * side, scale * side, channels)
    positions = tf.range(recipe.batch, dtype=tf.int64)
    batch = {
        "image": tf.zeros((recipe.batch, *shape), tf.uint8),
        "step": tf.constant(0, tf.int64),
        "index": positions,
        "position": positions,
        "label": tf.zeros([recipe.batch], tf.int64),
    }
    return batch if image_shape else {**batch, "low": tf.zeros((recipe.batch, side, side, channels), tf.uint8)}


@contextlib.contextmanager
def _counted() -> Iterator[list[int]]:
    """Yield a list that receives the bytes of every all-reduce of replicas, in the forward and the backward pass."""
    sizes: list[int] = []
    context = type(tf.distribute.get_replica_context()).__mro__[1]
    original = context.all_reduce

    def all_reduce(self: Any, reduce_op: Any, value: Any, options: Any = None) -> Any:
        parts = [part for part in tf.nest.flatten(value) if part is not None]
        sizes.append(sum(part.dtype.size * part.shape.num_elements() for part in parts))
        return original(self, reduce_op, value, options)

    with patch.object(context, "all_reduce", all_reduce):
        yield sizes
