"""The one training loop: `strategy.run` inside a `tf.function`, for every task and every strategy."""

import math
import time
from collections.abc import Callable, Mapping

import tensorflow as tf

from training.cluster import Jit
from training.cluster.agreement import Agreement
from training.data import Pictures, StreamedPictures
from training.errors import CollapsedError, DivergedError, Interrupted
from training.loop.choose_steps import choose_steps
from training.loop.evaluation import BatchMetrics
from training.loop.pauses import Pauses
from training.loop.progress import Progress
from training.loop.replica_batches import ReplicaBatches
from training.loop.steps import CompiledSteps
from training.recipes import Recipe
from training.reporting.tensorboard import Board
from training.runs.checkpoint import Checkpoint, Checkpoints
from training.runs.folder import Run
from training.tasks.task import Task

STOPPED = "the run stops there and its last checkpoint is kept"
DIVERGED = f"{STOPPED}; try a smaller learning_rate, or clip_norm=1"


class Loop:
    """Train a task to the last step of its recipe.

    Attributes:
        path: takes the steps, on the host path or the compiled one.
    """

    def train_to_end(self) -> None:
        """Train until the recipe's last step.

        Raises:
            DivergedError: the loss is not finite; the message names the step.
            Interrupted: SIGINT or SIGTERM reached this worker or another; the run was saved.
        """
        progress, pauses = self.progress, self.pauses
        with pauses.collect_signals():
            if progress.step == 0:
                self._describe()
                self._evaluate_and_show()
            while progress.step < self.recipe.steps:
                count = pauses.steps_of_next_call(progress.step)
                started = time.perf_counter()
                self.advance(count)
                rate = count / (time.perf_counter() - started)
                pauses.adapt_to(rate)

                row: dict[str, float] = {}
                if pauses.log_is_due(progress.step):
                    row |= self._logged(rate)
                if pauses.evaluation_is_due(progress.step):
                    row |= self._evaluate_and_show()
                if row:
                    progress.rows.append({"step": progress.step, **row})
                self.report(progress.step, row, rate)
                stop = pauses.stop_signal()
                if stop or pauses.checkpoint_is_due(progress.step):
                    self.save()
                if stop:
                    raise Interrupted(stop, progress.step)

    def __init__(
        self,
        task: Task,
        strategy: tf.distribute.Strategy,
        train: Pictures | StreamedPictures,
        validation: Pictures | StreamedPictures,
        *,
        seed: int,
        run: Run | None,
        jit: Jit = "auto",
        report: Callable[[int, Mapping[str, float], float], None] = lambda *_: None,
        announce: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare a training that has taken no steps.

        Args:
            task: built inside the strategy's scope.
            strategy: any `tf.distribute` strategy.
            train: pictures of the training split.
            validation: pictures that decide which weights are best.
            seed: of the order of examples; the task has its own for every draw.
            run: the folder to write to; None on workers that are not the chief.
            jit: see `choose_steps`.
            report: called with `(step, values, steps_per_second)` after every call into TensorFlow.
            announce: called with a sentence that the user should know of.
            clock: seconds that never go back, for `checkpoint_minutes`.
        """
        self.task = task
        self.batches = ReplicaBatches(task, strategy, train, validation, seed=seed)
        self.validation = validation
        self.run = run
        self.report = report
        self.recipe: Recipe = task.recipe
        self.progress = Progress()
        self.checkpoints = Checkpoints(run.checkpoints, self.recipe.keep) if run else None
        self.board = Board(run.path / "tensorboard") if run else None
        self.path, note = choose_steps(task, strategy, train, self.batches, seed=seed, jit=jit)
        if note:
            announce(note)
        agreement = None if self.batches.in_one_process else Agreement(strategy)
        self.pauses = Pauses(self.recipe, agreement, clock, longest_call=self.path.longest_call)
        self._metrics = BatchMetrics(task, strategy, jit=isinstance(self.path, CompiledSteps))

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same run."""
        checkpoint.restore(self.task.groups())
        self.progress = Progress(checkpoint.step, **checkpoint.state)
        # A run may have been killed after its checkpoint was written and before its rows were.
        if self.run:
            self.run.write_metrics(self.progress.rows)

    def evaluate(self) -> dict[str, float]:
        """Return means over the validation part, every picture counted once, and the metrics of the part as a whole."""
        sums: dict[str, float] = {}
        for batch in self.batches.validation:
            for tag, value in self._metrics(batch).items():
                sums[tag] = sums.get(tag, 0.0) + value
        count = sums.pop("count")
        return {tag: value / count for tag, value in sums.items()} | self.task.evaluate_set(self.validation)

    def speed(self) -> dict[str, float]:
        """Return examples per second and processor cores in use during training steps, over the whole run."""
        progress = self.progress
        seconds = max(progress.seconds, 1e-9)
        return {
            "examples_per_second": round(self.recipe.batch * progress.step / seconds, 1),
            "cores_used": round(progress.processor_seconds / seconds, 2),
        }

    def close(self) -> None:
        """Close TensorBoard's file."""
        if self.board:
            self.board.close()

    def advance(self, count: int) -> None:
        """Take `count` steps, in one call into TensorFlow.

        Raises:
            DivergedError: the loss is not finite; the message names the step.
        """
        progress, tags = self.progress, self.task.training_tags
        started, processor_started = time.perf_counter(), time.process_time()
        sums, first_bad = self.path.advance(progress.step, count)
        progress.seconds += time.perf_counter() - started
        progress.processor_seconds += time.process_time() - processor_started
        if first_bad is not None:
            raise DivergedError(f"the loss was not finite at step {first_bad + 1}; {DIVERGED}")
        progress.step += count
        sums_since_row = {tag: progress.totals.get(tag, 0.0) + value for tag, value in zip(tags, sums, strict=True)}
        progress.totals = {"steps": progress.totals.get("steps", 0.0) + count, **sums_since_row}

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
            # Flush before the checkpoint: events that are lost after it would not be written again by a resumed run.
            self.board.flush()
            self.checkpoints.save(self.progress.step, self.task.groups(), self.progress.state())
            self.run.write_metrics(self.progress.rows)
        self.pauses.note_checkpoint()

    def _logged(self, rate: float) -> dict[str, float]:
        """Return the means of the training scalars since the last row, and start new sums."""
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
            self.board.picture(progress.step, "eval/pictures", self.task.pictures(self.batches.first_pictures))
            for name, plot in self.task.plots(self.validation).items():
                self.board.plot(progress.step, f"eval/{name}", plot)
            if better:
                self.checkpoints.save_best(progress.step, {"model": self.task.published.weights})
        return values

    def _check_weights(self) -> None:
        """Raise `DivergedError` where a weight is not finite."""
        # The loss of a step depends on the weights before it, so a bad update shows in the weights first.
        for name, network in self.task.networks.items():
            if not all(bool(tf.reduce_all(tf.math.is_finite(weight.value))) for weight in network.weights):
                raise DivergedError(f"weights of {name} are not finite at step {self.progress.step}; {DIVERGED}")

    def _describe(self) -> None:
        if self.run and self.board:
            name = "/".join(self.run.path.parts[-2:])
            self.board.describe(self.task.published, name, self.run.config())
