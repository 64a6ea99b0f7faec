"""The one training loop: `strategy.run` inside a `tf.function`, for every task and every strategy."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from training.cluster.agreement import Agreement
from training.data import Pictures, StreamedPictures
from training.errors import CollapsedError, DivergedError, Interrupted
from training.loop.replica_batches import Streams
from training.loop.stop_signals import stop_signals
from training.recipes import Recipe
from training.reporting.tensorboard import Board
from training.runs.checkpoint import Checkpoint, Checkpoints
from training.runs.folder import Run
from training.tasks.task import Batch, Task

SECONDS_PER_CALL = 0.5
STEPS_PER_CALL = 10
# Of a run, beside those by the clock.
CHECKPOINTS = 10
STOPPED = "the run stops there and its last checkpoint is kept"
DIVERGED = f"{STOPPED}; try a smaller learning_rate, or clip_norm=1"


@dataclass
class Progress:
    """What a run knows beside its variables; saved with every checkpoint.

    Attributes:
        step: optimiser steps taken.
        rows: rows of metrics.csv so far.
        totals: sums of the training scalars since the last row.
        best: step and score of the best evaluation, or None.
        seconds: spent in training steps, evaluations not counted.
        processor_seconds: of processor time in those, over all cores.
    """

    step: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    totals: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] | None = None
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def state(self) -> dict[str, Any]:
        """As JSON values, all but the step."""
        values = dataclasses.asdict(self)
        del values["step"]
        return values


class Loop:
    """Train a task to the last step of its recipe.

    Args:
        task: built inside the strategy's scope.
        strategy: any `tf.distribute` strategy.
        train: pictures of the training split.
        validation: pictures that decide what is best.
        seed: decides the order of examples; that of the task every draw.
        run: the folder to write to; None on workers that are not the chief.
        report: called with `(step, values, steps_per_second)` after every call into TensorFlow.
        clock: seconds that never go back, for `checkpoint_minutes`.
    """

    def __init__(
        self,
        task: Task,
        strategy: tf.distribute.Strategy,
        train: Pictures | StreamedPictures,
        validation: Pictures | StreamedPictures,
        *,
        seed: int,
        run: Run | None,
        report: Callable[[int, Mapping[str, float], float], None] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task = task
        self.strategy = strategy
        self.streams = Streams(task, strategy, train, validation, seed=seed)
        self.validation = validation
        self.run = run
        self.report = report
        self.recipe: Recipe = task.recipe
        self.progress = Progress()
        self.checkpoints = Checkpoints(run.checkpoints, self.recipe.keep) if run else None
        self.board = Board(run.path / "tensorboard") if run else None
        self.clock = clock
        self._saved_at = clock()
        # Collective operations inside a loop find each other by its iterations: workers must make the same calls.
        self._agreement = None if self.streams.alone else Agreement(strategy)
        self._steps = tf.function(self._steps_in_graph, reduce_retracing=True)
        self._evaluate = tf.function(self._evaluate_in_graph, reduce_retracing=True)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same run."""
        checkpoint.restore(self.task.groups())
        self.progress = Progress(checkpoint.step, **checkpoint.state)
        # A run may have been killed after the checkpoint and before its rows.
        if self.run:
            self.run.write_metrics(self.progress.rows)

    def train_to_end(self) -> None:
        """Train until the recipe's last step.

        Raises:
            DivergedError: the loss is not finite; names the step.
            Interrupted: SIGINT or SIGTERM came, to this worker or another; the run was saved.
        """
        recipe, progress = self.recipe, self.progress
        log, evaluate, save = (
            recipe.log_every,
            math.ceil(recipe.steps / recipe.evaluations),
            math.ceil(recipe.steps / CHECKPOINTS),
        )
        fixed = self._agreement is not None
        calls = STEPS_PER_CALL if fixed else 1
        with stop_signals() as received:
            if progress.step == 0:
                self._describe()
                self._evaluate_and_show()
            stream = self.stream()
            while progress.step < recipe.steps:
                # Calls end where something is due, and last about half a second, so that a signal is answered.
                due = min(every - progress.step % every for every in (log, evaluate, save))
                count = min(calls, due, recipe.steps - progress.step)
                started = time.perf_counter()
                self.advance(stream, count)
                rate = count / (time.perf_counter() - started)
                calls = STEPS_PER_CALL if fixed else max(1, int(rate * SECONDS_PER_CALL))

                last = progress.step == recipe.steps
                row: dict[str, float] = {}
                if last or progress.step % log == 0:
                    row |= self._logged(rate)
                if last or progress.step % evaluate == 0:
                    row |= self._evaluate_and_show()
                if row:
                    progress.rows.append({"step": progress.step, **row})
                self.report(progress.step, row, rate)
                stop = self._agreement.stop(received) if self._agreement else next(iter(received), None)
                overdue = self.clock() - self._saved_at > 60 * recipe.checkpoint_minutes
                if last or progress.step % save == 0 or overdue or stop:
                    self.save()
                if stop:
                    raise Interrupted(stop, progress.step)

    def evaluate(self) -> dict[str, float]:
        """Means over the validation part, every picture counted once, and what is measured on all of it together."""
        sums: dict[str, float] = {}
        for batch in self.streams.validation:
            for tag, value in self._evaluate(batch).items():
                sums[tag] = sums.get(tag, 0.0) + float(value)
        count = sums.pop("count")
        return {tag: value / count for tag, value in sums.items()} | self.task.evaluate_set(self.validation)

    def speed(self) -> dict[str, float]:
        """Examples per second and processor cores in use during training steps, over the whole run."""
        progress = self.progress
        seconds = max(progress.seconds, 1e-9)
        return {
            "examples_per_second": round(self.recipe.batch * progress.step / seconds, 1),
            "cores_used": round(progress.processor_seconds / seconds, 2),
        }

    def close(self) -> None:
        """Close what is open."""
        if self.board:
            self.board.close()

    def stream(self) -> Iterator[Batch]:
        """The batches from the present step on."""
        return self.streams.training(self.progress.step)

    def advance(self, stream: Iterator[Batch], count: int) -> None:
        """Take `count` steps from the stream, in one call into TensorFlow.

        Raises:
            DivergedError: the loss is not finite; names the step.
        """
        progress, tags = self.progress, self.task.training_tags
        totals = [tf.constant(progress.totals.get(tag, 0.0), tf.float64) for tag in tags]
        started, processor_started = time.perf_counter(), time.process_time()
        totals, first_bad = self._steps(stream, tf.constant(count, tf.int64), totals)
        failed = int(first_bad) < tf.int64.max
        progress.seconds += time.perf_counter() - started
        progress.processor_seconds += time.process_time() - processor_started
        if failed:
            raise DivergedError(f"the loss was not finite at step {int(first_bad) + 1}; {DIVERGED}")
        progress.step += count
        steps = progress.totals.get("steps", 0.0) + count
        progress.totals = {"steps": steps, **{tag: float(total) for tag, total in zip(tags, totals, strict=True)}}

    def save(self) -> None:
        """Write a checkpoint, if nothing is wrong with the networks.

        Raises:
            DivergedError: a weight is not finite.
            CollapsedError: the networks cannot learn any more.
        """
        self._check_weights()
        if failure := self.task.failure(self.progress.rows, self.validation):
            raise CollapsedError(
                f"{failure} at step {self.progress.step}; {STOPPED}; try another seed, or a smaller learning_rate or "
                "discriminator_learning_rate"
            )
        if self.run and self.checkpoints and self.board:
            # First, so that what is lost of it is written again when the run resumes.
            self.board.flush()
            self.checkpoints.save(self.progress.step, self.task.groups(), self.progress.state())
            self.run.write_metrics(self.progress.rows)
        self._saved_at = self.clock()

    def _steps_in_graph(
        self, stream: Iterator[Batch], count: tf.Tensor, totals: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Take `count` steps; adds each step's scalars to `totals` and finds the first that is not finite, if any."""
        tags = self.task.training_tags

        def nothing() -> tuple[tf.Tensor, tf.Tensor]:
            return tf.zeros(len(tags), tf.float64), tf.constant([tf.int64.max])

        def one_step(batch: Batch, sums: tf.Tensor, first_bad: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            scalars = self.task.step(batch)
            values = tf.stack([tf.cast(scalars[tag], tf.float64) for tag in tags])
            bad = tf.where(tf.reduce_all(tf.math.is_finite(values)), tf.int64.max, batch["step"])
            return sums + values, tf.minimum(first_bad, bad)

        # Each replica adds up its own: summed over replicas at every step, every scalar would cost a message.
        sums, first_bad = self.strategy.run(nothing)
        for _ in tf.range(count):
            sums, first_bad = self.strategy.run(one_step, args=(next(stream), sums, first_bad))
        everywhere = tf.unstack(self.strategy.reduce("SUM", sums, axis=None))
        first_bad = tf.reduce_min(self.strategy.gather(first_bad, axis=0))
        return [total + value for total, value in zip(totals, everywhere, strict=True)], first_bad

    def _evaluate_in_graph(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Sums over one global batch, and how many pictures it really held."""

        def one_replica(part: Batch) -> dict[str, tf.Tensor]:
            mask = tf.cast(part["mask"], tf.float64)
            # Padding is masked by selection: its metrics may be anything, and 0 * inf is not 0.
            values = {
                tag: tf.reduce_sum(tf.where(mask > 0, tf.cast(value, tf.float64), 0.0))
                for tag, value in self.task.evaluate(part).items()
            }
            return {**values, "count": tf.reduce_sum(mask)}

        sums = self.strategy.run(one_replica, args=(batch,))
        return {tag: self.strategy.reduce("SUM", value, axis=None) for tag, value in sums.items()}

    def _logged(self, rate: float) -> dict[str, float]:
        """The means since the last row."""
        totals = dict(self.progress.totals)
        self.progress.totals = {}
        steps = totals.pop("steps")
        row = {tag: total / steps for tag, total in totals.items()}
        if self.board:
            speed = {"train/examples_per_second": rate * self.recipe.batch}
            self.board.scalars(self.progress.step, row | speed)
        return row

    def _evaluate_and_show(self) -> dict[str, float]:
        """Evaluate, remember the best weights, and show the fixed pictures and plots."""
        self.task.refresh()
        values, progress = self.evaluate(), self.progress
        score = self.task.rank(values)
        if math.isnan(score):
            self._check_weights()
            raise DivergedError(f"the evaluation at step {progress.step} is not a number; {DIVERGED}")
        better = progress.step and (progress.best is None or score > progress.best["score"])
        if better:
            progress.best = {"step": progress.step, "score": score}
        if self.board and self.checkpoints:
            self.board.scalars(progress.step, values)
            self.board.picture(progress.step, "eval/pictures", self.task.pictures(self.streams.shown))
            for name, plot in self.task.plots(self.validation).items():
                self.board.plot(progress.step, f"eval/{name}", plot)
            if better:
                self.checkpoints.save_best(progress.step, {"model": self.task.published.weights})
        return values

    def _check_weights(self) -> None:
        """Raise DivergedError where a weight is not finite."""
        # The loss of a step is that of the weights before it: the update itself may be what went wrong.
        for name, network in self.task.networks.items():
            if not all(bool(tf.reduce_all(tf.math.is_finite(weight.value))) for weight in network.weights):
                raise DivergedError(f"weights of {name} are not finite at step {self.progress.step}; {DIVERGED}")

    def _describe(self) -> None:
        if self.run and self.board:
            name = "/".join(self.run.path.parts[-2:])
            self.board.describe(self.task.published, name, self.run.config())
