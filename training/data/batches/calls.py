"""Gather the examples of all steps of a call at once, on the device that trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.data.batches.augmentation import UNCHANGED, Augmentation
from training.data.batches.pipeline import check_labels
from training.data.random_streams import shuffled

if TYPE_CHECKING:
    import tensorflow as tf

    from training.data.batches.pictures import Pictures


class CallExamples:
    """Gather the examples of several steps in one operation: those that `batches` yields, stacked.

    The order of examples is drawn on the host, because XLA has no RandomIndexShuffle. What follows is an XLA program
    where the pictures allow it.

    Args:
        pictures: one split of a source, on the device (see `Pictures.on_device`).
        batch_size: examples of a step.
        steps: steps of a call.
        seed: seed of the run.
        augmentation: how each picture is changed, as `batches` changes it.
        labels: add the labels of the pictures.

    Raises:
        SourceError: `labels` is set and the pictures have none.
    """

    def __init__(
        self,
        pictures: Pictures,
        *,
        batch_size: int,
        steps: int,
        seed: int,
        augmentation: Augmentation = UNCHANGED,
        labels: bool = False,
    ) -> None:
        import tensorflow as tf

        check_labels(pictures, labels)
        self._pictures, self._seed, self._labels = pictures, seed, labels
        self._augmentation = augmentation
        self._batch_size, self._steps = batch_size, steps
        self._positions = tf.function(self._order, autograph=False)
        self._examples = tf.function(self._gather, jit_compile=pictures.compiles, autograph=False)

    def __call__(self, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the examples of the steps from `step`, int64 [], on.

        Returns:
            The keys of the elements of `batches`, with a leading axis of `steps`.
        """
        return self._examples(step, *self._positions(step))

    def _order(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the global positions of a call, int64 [steps * batch], and the examples to take there."""
        import tensorflow as tf

        size = self._steps * self._batch_size
        with tf.device("CPU:0"):
            positions = tf.ensure_shape(step * self._batch_size + tf.range(size, dtype=tf.int64), [size])
            if self._pictures.endless:
                return positions, positions
            return positions, tf.ensure_shape(shuffled(positions, self._pictures.count, self._seed), [size])

    def _gather(self, step: tf.Tensor, positions: tf.Tensor, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        taken = self._pictures.examples(examples, self._labels)
        if self._augmentation:
            taken["image"] = self._augmentation(taken["image"], positions, self._seed)
        taken["image"] = tf.ensure_shape(taken["image"], [positions.shape[0], *self._pictures.shape])
        taken["position"] = positions
        shape = (self._steps, self._batch_size)
        stacks = {key: tf.reshape(value, [*shape, *value.shape[1:]]) for key, value in taken.items()}
        index = tf.broadcast_to(tf.range(self._batch_size, dtype=tf.int64), shape)
        return {**stacks, "index": index, "step": step + tf.range(self._steps, dtype=tf.int64)}
