"""Sum the metrics of batches of pictures, on all replicas of a strategy."""

import tensorflow as tf

from training.tasks.task import Batch, Task


class BatchMetrics:
    """Sum the metrics of a global batch over its pictures, by tag.

    Args:
        task: whose metrics are computed.
        strategy: any `tf.distribute` strategy.
        jit: compile with XLA; for one replica.
    """

    def __init__(self, task: Task, strategy: tf.distribute.Strategy, *, jit: bool) -> None:
        self._task = task
        self._strategy = strategy
        self._graph = tf.function(self._sums, reduce_retracing=True, jit_compile=jit, autograph=False)

    def __call__(self, batch: Batch) -> dict[str, float]:
        """Return the sums, and under "count" the number of pictures that are not padding."""
        return {tag: float(value) for tag, value in self._graph(batch).items()}

    def _sums(self, batch: Batch) -> dict[str, tf.Tensor]:
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
