"""Choose the batches that this worker's replicas see, in training and in evaluation."""

import functools
import math
from collections.abc import Callable, Iterator

import tensorflow as tf

from training.cluster import Placement
from training.data import Pictures, StreamedPictures, batches, evaluation_batches
from training.data.batches.augmentation import Augmentation
from training.tasks.task import Batch, Task

EVALUATION_BATCH = 256
EVALUATION_PIXELS = 1 << 20
"""Most pixels of a batch in evaluation: larger pictures come in smaller batches, whose activations fit into memory."""


class ReplicaBatches:
    """Read this worker's part of the global batches of a run.

    Args:
        task: says whether batches hold labels, and how many pictures are shown.
        strategy: any `tf.distribute` strategy.
        train: pictures of the training split.
        validation: pictures that decide which weights are best.
        seed: of the order of examples.
    """

    def __init__(
        self,
        task: Task,
        strategy: tf.distribute.Strategy,
        train: Pictures | StreamedPictures,
        validation: Pictures | StreamedPictures,
        *,
        seed: int,
    ) -> None:
        self._task = task
        self._strategy = strategy
        self._placement = Placement(strategy)
        self._train = train
        self._validation = validation
        self._seed = seed

    @property
    def in_one_process(self) -> bool:
        """Return whether all replicas are in this process."""
        return self._placement.replicas == self._placement.local

    def training(self, step: int) -> Iterator[Batch]:
        """Return the training batches from a step on, without end."""
        return iter(self._distributed(lambda: self._training_batches(step)))

    @functools.cached_property
    def validation(self) -> tf.data.Dataset:
        """Return the validation part. It is built once, because that costs as much as reading thousands of pictures."""
        return self._distributed(self._validation_batches)

    @functools.cached_property
    def first_pictures(self) -> Batch:
        """Return the first pictures of the validation part, the number that the task shows."""
        size = min(self._task.shown, self._validation.count)
        return next(iter(evaluation_batches(self._validation, batch_size=size, labels=self._task.labels)))

    def _distributed(self, stream: Callable[[], tf.data.Dataset]) -> tf.data.Dataset:
        # A strategy's own iterator passes each batch between threads, which pays only where one copies it to a GPU.
        if self._placement.local == 1 and not tf.config.list_physical_devices("GPU"):
            return stream()
        return self._strategy.distribute_datasets_from_function(lambda _: stream())

    def _training_batches(self, step: int) -> tf.data.Dataset:
        # Declare the stream endless, or the workers of a cluster ask each other at every step whether theirs has ended.
        endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        return batches(
            self._train,
            batch_size=self._task.recipe.batch,
            seed=self._seed,
            start_step=step,
            total_steps=self._task.recipe.steps,
            replicas=self._placement.replicas,
            first_replica=self._placement.first,
            local_replicas=self._placement.local,
            augmentation=Augmentation(self._task.recipe.flip, self._task.recipe.shift),
            labels=self._task.labels,
        ).apply(endless)

    def _validation_batches(self) -> tf.data.Dataset:
        replicas = self._placement.replicas
        height, width, _ = self._validation.shape
        pictures = max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // (height * width)))
        return evaluation_batches(
            self._validation,
            batch_size=math.ceil(pictures / replicas) * replicas,
            replicas=replicas,
            first_replica=self._placement.first,
            local_replicas=self._placement.local,
            labels=self._task.labels,
        )
