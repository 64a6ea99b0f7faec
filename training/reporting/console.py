"""What a training says to its user: a few calm lines, progress, and where the results are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from training.cluster.strategy import is_chief
from training.recipes import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from training.data import Source
    from training.runs.evaluations import Evaluation
    from training.runs.folder import Run


class Report:
    """Prints to a terminal with a progress bar, and to a file one line at every evaluation.

    Workers that are not the chief say nothing.
    """

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, soft_wrap=True, quiet=not is_chief())
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._steps = 0
        self._words: tuple[tuple[str, str], ...] = ()
        self._values: dict[str, float] = {}

    def source(self, source: "Source") -> None:
        """Where the pictures come from, and why."""
        reason = f" ({source.reason})" if source.reason else ""
        self.console.print(f"data: {source.name}{reason}")

    def cluster(self, workers: int) -> None:
        """What may take long, and for ever where one of them does not come."""
        self.console.print(f"cluster: waiting until all {workers} workers are there")

    def start(
        self,
        path: Path,
        model: "keras.Model",
        shape: tuple[int, int, int],
        recipe: Recipe,
        strategy: "tf.distribute.Strategy",
        step: int,
        words: Iterable[tuple[str, str]],
    ) -> None:
        """What is trained, and where it is written; `words` are the tags to show later, and what to call them."""
        replicas = strategy.num_replicas_in_sync
        devices = f"{replicas} replicas" if replicas > 1 else "1 device"
        self.console.print(
            f"model: {model.name}, {model.count_params():,} parameters; {recipe.steps:,} steps of {recipe.batch} "
            f"images {'x'.join(map(str, shape))}, {recipe.precision}, {devices}"
        )
        self.console.print(f"resumed {path} at step {step}" if step else f"run: {path}")
        self._steps, self._words = recipe.steps, tuple(words)
        if self.console.is_terminal:
            self._progress = Progress(
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=self.console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=recipe.steps, completed=step)
            self._progress.start()

    def progress(self, step: int, values: Mapping[str, float], rate: float) -> None:
        """Called after every call into TensorFlow."""
        self._values.update(values)
        text = "  ".join(f"{word} {self._values[tag]:.4g}" for tag, word in self._words if tag in self._values)
        if self._progress:
            self._progress.update(self._task, completed=step, description=f"{rate:.0f} steps/s  {text}")
        elif any(tag.startswith("eval/") for tag in values):
            left = (self._steps - step) / rate
            self.console.print(f"step {step}/{self._steps}  {rate:.0f} steps/s  {left:.0f} s left  {text}")

    def finish(self, run: "Run", evaluation: "Evaluation") -> None:
        """What was reached, and where the results are."""
        self.stop()
        means = evaluation.means()
        values = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
        self.console.print(f"{evaluation.split} of {evaluation.source}, {evaluation.pictures:,} pictures: {values}")
        self.console.print(f"watch: make tensorboard    publish: make publish RUN={run.path}")
        self.console.print(f"SavedModel: {run.saved_model}")

    def note(self, text: str) -> None:
        """Something that the user should know of."""
        self.console.print(f"note: {text}")

    def stop(self) -> None:
        """Take the progress bar away."""
        if self._progress:
            self._progress.stop()
            self._progress = None
