"""Run the steps of a call into TensorFlow: as a graph on batches from the host, or as one XLA program."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import tensorflow as tf

from training.data.batches.calls import CallExamples
from training.loop.replica_batches import ReplicaBatches
from training.tasks.task import Batch, Task

Sums = tuple[tf.Tensor, tf.Tensor]


class StepPath(ABC):
    """Take steps of a task, many in one call into TensorFlow.

    Attributes:
        longest_call: the most steps that a call can take, or None for any number.
    """

    longest_call: int | None = None

    def __init__(self, task: Task, strategy: tf.distribute.Strategy) -> None:
        self._task = task
        self._strategy = strategy

    @abstractmethod
    def advance(self, step: int, count: int) -> tuple[list[float], int | None]:
        """Take `count` steps after the first `step` ones.

        Returns:
            The sum over the steps of every scalar of `task.training_tags`, and the number of the first step whose
            scalars are not finite, or None.
        """

    def _nothing(self) -> Sums:
        """Return the sums before the first step of a call."""
        return tf.zeros(len(self._task.training_tags), tf.float64), tf.constant([tf.int64.max])

    def _one_step(self, batch: Batch, sums: tf.Tensor, first_bad: tf.Tensor) -> Sums:
        """Take a step on one replica; return the sums of its scalars, and the first step that was not finite."""
        scalars = self._task.step(batch)
        values = tf.stack([tf.cast(scalars[tag], tf.float64) for tag in self._task.training_tags])
        bad = tf.where(tf.reduce_all(tf.math.is_finite(values)), tf.int64.max, batch["step"])
        return sums + values, tf.minimum(first_bad, bad)


def _read(sums: tf.Tensor, first_bad: tf.Tensor) -> tuple[list[float], int | None]:
    bad = int(tf.reduce_min(first_bad))
    return [float(value) for value in sums.numpy()], bad if bad < tf.int64.max else None


class HostSteps(StepPath):
    """Take steps on batches that tf.data makes on the host, on all replicas of any strategy.

    Args:
        task: whose steps are run.
        strategy: any `tf.distribute` strategy.
        batches: the batches of this worker.
    """

    def __init__(self, task: Task, strategy: tf.distribute.Strategy, batches: ReplicaBatches) -> None:
        super().__init__(task, strategy)
        self._batches = batches
        self._stream: Iterator[Batch] | None = None
        self._next = 0
        self._graph = tf.function(self._steps, reduce_retracing=True, autograph=False)

    def advance(self, step: int, count: int) -> tuple[list[float], int | None]:
        """See `StepPath.advance`."""
        if self._stream is None or step != self._next:
            self._stream = self._batches.training(step)
        self._next = step + count
        return _read(*self._graph(self._stream, tf.constant(count, tf.int64)))

    def _steps(self, stream: Iterator[Batch], count: tf.Tensor) -> Sums:
        def body(number: tf.Tensor, sums: tf.Tensor, first_bad: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return number + 1, *self._strategy.run(self._one_step, args=(next(stream), sums, first_bad))

        # Each replica sums its own scalars: summing over replicas at every step would cost a message per scalar.
        start = (tf.zeros([], tf.int64), *self._strategy.run(self._nothing))
        _, sums, first_bad = tf.while_loop(lambda number, *_: number < count, body, start)
        return self._strategy.reduce("SUM", sums, axis=None), self._strategy.gather(first_bad, axis=0)


class CompiledSteps(StepPath):
    """Take all steps of a call in one XLA program, on pictures that lie on the device; for one replica.

    The examples of `longest_call` steps are gathered at once, however many steps a call takes, so that there is one
    program of each kind in a run; later calls take what is left of them.

    Args:
        task: whose steps are run.
        strategy: a strategy of one replica.
        examples: gathers the examples of a call.
        longest_call: steps that `examples` gathers for.
    """

    def __init__(self, task: Task, strategy: tf.distribute.Strategy, examples: CallExamples, longest_call: int) -> None:
        super().__init__(task, strategy)
        self._examples = examples
        self.longest_call: int = longest_call
        self._gathered: dict[str, tf.Tensor] = {}
        self._first = 0
        self._program = tf.function(self._steps, jit_compile=True, autograph=False)

    def advance(self, step: int, count: int) -> tuple[list[float], int | None]:
        """See `StepPath.advance`."""
        if not (self._gathered and self._first <= step and step + count <= self._first + self.longest_call):
            # Forget the old ones first: both together could be too large.
            self._gathered = {}
            self._gathered, self._first = self._examples(tf.constant(step, tf.int64)), step
        place = step - self._first
        return _read(*self._program(self._gathered, *(tf.constant(n, tf.int64) for n in (place, place + count))))

    def _steps(self, examples: dict[str, tf.Tensor], place: tf.Tensor, end: tf.Tensor) -> Sums:
        def body(place: tf.Tensor, sums: tf.Tensor, first_bad: tf.Tensor) -> tuple[tf.Tensor, ...]:
            batch = {key: stack[place] for key, stack in examples.items()}
            return place + 1, *self._strategy.run(self._one_step, args=(batch, sums, first_bad))

        return tf.while_loop(lambda place, *_: place < end, body, (place, *self._nothing()))[1:]
