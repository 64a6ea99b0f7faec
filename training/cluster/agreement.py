"""Exchange numbers between the workers of a cluster between steps."""

import hashlib
import signal
from collections.abc import Sequence

import tensorflow as tf

from training.errors import InputError

_STOPS = (signal.SIGINT, signal.SIGTERM)


class Agreement:
    """Compute answers that are the same on every worker, because the numbers of all workers are added up.

    All workers must ask the same questions in the same order.

    Args:
        strategy: of the cluster.
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self._strategy = strategy
        self._mean_in_graph = tf.function(self._mean)

    def check_plan(self, plan: str) -> None:
        """Raise `InputError` if the workers pass different texts, which describe what each is about to train."""
        # Use six digits, because float64 still holds their square exactly.
        number = float(int(hashlib.sha256(plan.encode()).hexdigest()[:6], 16))
        mean, mean_of_squares = self._means([number, number * number])
        if abs(mean_of_squares - mean * mean) > 0.5:
            raise InputError("the workers disagree on what to train: give all the same command and the same sources")

    def stop(self, received: Sequence[int]) -> int | None:
        """Return the signal that asks the run to stop, whichever worker received it, or None."""
        shares = self._means([float(number in received) for number in _STOPS])
        return next((int(number) for number, share in zip(_STOPS, shares, strict=True) if share > 0), None)

    def _means(self, values: Sequence[float]) -> list[float]:
        means = self._strategy.run(self._mean_in_graph, args=(tf.constant(values, tf.float64),))
        return [float(value) for value in self._strategy.experimental_local_results(means)[0]]

    def _mean(self, values: tf.Tensor) -> tf.Tensor:
        # Copy the argument, which lies on no device: a collective operation needs one.
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, tf.identity(values))
