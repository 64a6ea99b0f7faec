"""Decide when the loop leaves TensorFlow: to log, to evaluate, to save, or to stop."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training.cluster.agreement import Agreement
from training.loop.stop_signals import stop_signals
from training.recipes import Recipe

CHECKPOINTS = 10
"""Checkpoints saved at even steps over a run, in addition to the timed ones."""
SECONDS_PER_CALL = 0.5
STEPS_PER_CALL = 10
"""Steps of a call on several workers, which must all make the same calls."""


class Pauses:
    """Know what is due after a step.

    Calls into TensorFlow end where something is due, and last about half a second, so that a signal is answered soon.
    On several workers they have a fixed length: collective operations inside a loop find each other by its iterations.

    Args:
        recipe: of the training.
        agreement: of the workers, or None where this one is alone.
        clock: seconds that never go back, for `checkpoint_minutes`.
        longest_call: the most steps of a call, or None for any number.
    """

    def __init__(
        self,
        recipe: Recipe,
        agreement: Agreement | None,
        clock: Callable[[], float],
        longest_call: int | None = None,
    ) -> None:
        self._recipe = recipe
        self._agreement = agreement
        self._clock = clock
        self._evaluate_every = math.ceil(recipe.steps / recipe.evaluations)
        # Every evaluation of a short run has a loss next to it.
        self._log_every = min(recipe.log_every, self._evaluate_every)
        self._save_every = math.ceil(recipe.steps / CHECKPOINTS)
        self._steps_per_call = STEPS_PER_CALL if agreement else 1
        self._longest_call = longest_call or recipe.steps
        self._signals: list[int] = []
        self._saved_at = clock()

    @contextmanager
    def collect_signals(self) -> Iterator[None]:
        """Collect SIGINT and SIGTERM inside a block; a second one has its usual effect."""
        with stop_signals() as self._signals:
            yield

    def steps_of_next_call(self, step: int) -> int:
        """Return how many steps the next call takes after `step` steps."""
        every = (self._log_every, self._evaluate_every, self._save_every)
        until_due = min(interval - step % interval for interval in every)
        return min(self._steps_per_call, self._longest_call, until_due, self._recipe.steps - step)

    def adapt_to(self, rate: float) -> None:
        """Set the length of calls by the steps per second of the last one."""
        if not self._agreement:
            self._steps_per_call = max(1, int(rate * SECONDS_PER_CALL))

    def log_is_due(self, step: int) -> bool:
        """Return whether a row of metrics.csv is due."""
        return self._is_last(step) or step % self._log_every == 0

    def evaluation_is_due(self, step: int) -> bool:
        """Return whether an evaluation on the validation part is due."""
        return self._is_last(step) or step % self._evaluate_every == 0

    def checkpoint_is_due(self, step: int) -> bool:
        """Return whether a checkpoint is due, by the step or by the clock."""
        overdue = self._clock() - self._saved_at > 60 * self._recipe.checkpoint_minutes
        return self._is_last(step) or step % self._save_every == 0 or overdue

    def note_checkpoint(self) -> None:
        """Take note that a checkpoint was written just now."""
        self._saved_at = self._clock()

    def stop_signal(self) -> int | None:
        """Return the signal that asks the run to stop, whichever worker received it, or None.

        All workers must ask at the same steps.
        """
        return self._agreement.stop(self._signals) if self._agreement else next(iter(self._signals), None)

    def _is_last(self, step: int) -> bool:
        return step == self._recipe.steps
