"""Run training steps and evaluations of a task as graphs, on all replicas of a strategy."""

from collections.abc import Iterator

import tensorflow as tf

from training.tasks.task import Batch, Task


class GraphFunctions:
    """Hold the two functions that a run calls in TensorFlow.

    Attributes:
        steps: `(stream, count, totals) -> (totals, first bad step)`: take `count` steps (int64) on the batches of an
            iterator, and add every step's scalars to `totals`, one float64 per training tag. The second value is the
            number of the first step whose scalars are not finite, or the largest int64.
        evaluate: `(batch) -> sums`: sum the metrics of a global batch over its pictures, by tag, and under "count" the
            number of pictures that are not padding.

    Args:
        task: whose steps and evaluations are run.
        strategy: any `tf.distribute` strategy.
    """

    def __init__(self, task: Task, strategy: tf.distribute.Strategy) -> None:
        self._task = task
        self._strategy = strategy
        self.steps = tf.function(self._steps, reduce_retracing=True)
        self.evaluate = tf.function(self._evaluate, reduce_retracing=True)

    def _steps(
        self, stream: Iterator[Batch], count: tf.Tensor, totals: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        tags = self._task.training_tags

        def nothing() -> tuple[tf.Tensor, tf.Tensor]:
            return tf.zeros(len(tags), tf.float64), tf.constant([tf.int64.max])

        def one_step(batch: Batch, sums: tf.Tensor, first_bad: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            scalars = self._task.step(batch)
            values = tf.stack([tf.cast(scalars[tag], tf.float64) for tag in tags])
            bad = tf.where(tf.reduce_all(tf.math.is_finite(values)), tf.int64.max, batch["step"])
            return sums + values, tf.minimum(first_bad, bad)

        # Each replica sums its own scalars: summing over replicas at every step would cost a message per scalar.
        sums, first_bad = self._strategy.run(nothing)
        for _ in tf.range(count):
            sums, first_bad = self._strategy.run(one_step, args=(next(stream), sums, first_bad))
        over_replicas = tf.unstack(self._strategy.reduce("SUM", sums, axis=None))
        first_bad = tf.reduce_min(self._strategy.gather(first_bad, axis=0))
        return [total + value for total, value in zip(totals, over_replicas, strict=True)], first_bad

    def _evaluate(self, batch: Batch) -> dict[str, tf.Tensor]:
        def one_replica(part: Batch) -> dict[str, tf.Tensor]:
            mask = tf.cast(part["mask"], tf.float64)
            # Padding is masked by selection, because its metrics may be infinite, and 0 * inf is not 0.
            values = {
                tag: tf.reduce_sum(tf.where(mask > 0, tf.cast(value, tf.float64), 0.0))
                for tag, value in self._task.evaluate(part).items()
            }
            return {**values, "count": tf.reduce_sum(mask)}

        sums = self._strategy.run(one_replica, args=(batch,))
        return {tag: self._strategy.reduce("SUM", value, axis=None) for tag, value in sums.items()}
