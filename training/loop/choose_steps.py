"""Choose the path that the steps of a training take: host or compiled."""

import math

import tensorflow as tf

from training.cluster import Jit
from training.data import Pictures, StreamedPictures
from training.data.batches.augmentation import Augmentation
from training.data.batches.calls import CallExamples
from training.loop.replica_batches import ReplicaBatches
from training.loop.steps import CompiledSteps, HostSteps, StepPath
from training.tasks.task import Task
from zoo.system.machine import gpu_memory

DATA_SHARE = 2 / 3
"""Largest share of a GPU's memory that the pictures of a training may take."""
CALL_BYTES = 256 << 20
"""Most bytes of the gathered examples of a call."""
HOST = "steps are not compiled to one program:"


def choose_steps(
    task: Task,
    strategy: tf.distribute.Strategy,
    train: Pictures | StreamedPictures,
    batches: ReplicaBatches,
    *,
    seed: int,
    jit: Jit,
) -> tuple[StepPath, str]:
    """Return the compiled path where it is wanted and possible, else the host path, and why it was not possible.

    Args:
        task: whose steps are taken.
        strategy: any `tf.distribute` strategy.
        train: pictures of the training split.
        batches: the same pictures as batches from the host.
        seed: of the order of examples.
        jit: `auto` wants the compiled path on one GPU, `1` wherever there is one replica, `0` nowhere.

    Returns:
        The path, and a sentence that the user should know of, or nothing.
    """
    gpus = tf.config.list_physical_devices("GPU")
    host = HostSteps(task, strategy, batches)
    if strategy.num_replicas_in_sync > 1 or jit == "0" or (jit == "auto" and len(gpus) != 1):
        return host, ""
    if isinstance(train, StreamedPictures):
        return host, f"{HOST} the pictures are too many for memory and are read from disk"
    memory = gpu_memory() if gpus else None
    if memory and train.device_bytes > DATA_SHARE * memory:
        needed, present = (f"{size / 2**30:.1f} GiB" for size in (train.device_bytes, memory))
        return host, f"{HOST} the pictures take {needed}, more than {DATA_SHARE:.0%} of the GPU's {present}"
    return _compiled(task, strategy, train, "GPU:0" if gpus else "CPU:0", seed), ""


def _compiled(task: Task, strategy: tf.distribute.Strategy, train: Pictures, device: str, seed: int) -> CompiledSteps:
    recipe = task.recipe
    # A call never passes a step at which a row of metrics is due.
    steps = max(1, min(recipe.log_every, recipe.steps, CALL_BYTES // (recipe.batch * math.prod(train.shape))))
    examples = CallExamples(
        train.on_device(device),
        batch_size=recipe.batch,
        steps=steps,
        seed=seed,
        augmentation=Augmentation(recipe.flip, recipe.shift),
        labels=task.labels,
    )
    return CompiledSteps(task, strategy, examples, steps)
