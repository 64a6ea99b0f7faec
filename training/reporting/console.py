"""Print what a training does: a few lines at its start and its end, and its progress between them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from training.cluster.strategy import is_chief
from training.recipes import Recipe
from training.reporting.waiting import Waiting

if TYPE_CHECKING:
    from training.data import Source
    from training.runs.evaluations import Evaluation
    from training.runs.folder import Run


@dataclass(frozen=True)
class StartFacts:
    """Facts that a training prints when it starts.

    Attributes:
        path: folder of the run.
        model: name of the trained network.
        parameters: number of its parameters.
        image_shape: height, width and channels of the training pictures.
        recipe: its steps, batch and precision are printed.
        replicas: number of devices that train, over all workers.
        step: the step at which the run is resumed, or 0.
        progress_words: tags of metrics to show during the training, each with the words to call it.
    """

    path: Path
    model: str
    parameters: int
    image_shape: tuple[int, int, int]
    recipe: Recipe
    replicas: int
    step: int
    progress_words: Iterable[tuple[str, str]]


class TrainingConsole:
    """Print a training's progress: a bar on a terminal, one line per evaluation in a file or a pipe.

    Workers that are not the chief print nothing.

    Attributes:
        console: prints a line as it is, without colours or line breaks.
    """

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, soft_wrap=True, quiet=not is_chief())
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._steps = self._first = 0
        self._started = 0.0
        self._words: tuple[tuple[str, str], ...] = ()
        self._values: dict[str, float] = {}

    def source(self, source: "Source") -> None:
        """Print where the pictures come from, and why from there."""
        reason = f" ({source.reason})" if source.reason else ""
        self.console.print(f"data: {source.name}{reason}")

    def cluster(self, workers: int) -> None:
        """Say that training waits for all workers; the wait never ends if one does not start."""
        self.console.print(f"cluster: waiting until all {workers} workers have started")

    def start(self, facts: StartFacts) -> None:
        """Print what is trained and in which folder, and begin to show progress."""
        recipe = facts.recipe
        devices = f"{facts.replicas} replicas" if facts.replicas > 1 else "1 device"
        self.console.print(
            f"model: {facts.model}, {facts.parameters:,} parameters; {recipe.steps:,} steps of {recipe.batch} "
            f"images {'x'.join(map(str, facts.image_shape))}, {recipe.precision}, {devices}"
        )
        self.console.print(f"resumed {facts.path} at step {facts.step}" if facts.step else f"run: {facts.path}")
        self._steps, self._words = recipe.steps, tuple(facts.progress_words)
        self._first, self._started = facts.step, time.monotonic()
        if self.console.is_terminal:
            self._progress = Progress(
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=self.console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=recipe.steps, completed=facts.step)
            self._progress.start()

    def progress(self, step: int, values: Mapping[str, float], rate: float) -> None:
        """Show how far the training is; the loop calls this after every call into TensorFlow.

        Args:
            step: steps taken so far.
            values: metrics by tag that are new at this step.
            rate: steps per second.
        """
        self._values.update(values)
        text = "  ".join(f"{word} {self._values[tag]:.4g}" for tag, word in self._words if tag in self._values)
        if self._progress:
            self._progress.update(self._task, completed=step, description=f"{rate:.0f} steps/s  {text}")
        elif any(tag.startswith("eval/") for tag in values):
            # Evaluations take time too, which the rate of the steps leaves out.
            per_step = (time.monotonic() - self._started) / (step - self._first)
            seconds_left = (self._steps - step) * per_step
            self.console.print(f"step {step}/{self._steps}  {rate:.0f} steps/s  {seconds_left:.0f} s left  {text}")

    def finish(self, run: "Run", evaluation: "Evaluation") -> None:
        """Print the means of the final evaluation, and where the results are."""
        self.stop()
        means = evaluation.means()
        values = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
        pictures = "1 picture" if evaluation.pictures == 1 else f"{evaluation.pictures:,} pictures"
        self.console.print(f"{evaluation.split} of {evaluation.source}, {pictures}: {values}")
        self.console.print(f"watch: make tensorboard    publish: make publish RUN={run.path}")
        self.console.print(f"SavedModel: {run.saved_model}")

    def waiting(self, words: str) -> Waiting:
        """Return a context manager that shows that work goes on, in place of the progress bar if there is one.

        Args:
            words: what is done, such as `"exporting"`.
        """
        self.stop()
        return Waiting(self.console, words)

    def note(self, text: str) -> None:
        """Print a sentence that the user should know of."""
        self.console.print(f"note: {text}")

    def stop(self) -> None:
        """Remove the progress bar, if there is one."""
        if self._progress:
            self._progress.stop()
            self._progress = None
