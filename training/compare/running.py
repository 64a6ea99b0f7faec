"""Compare twins: train those that are not trained yet, measure them, and write the report."""

import gc
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from training.compare.contest import ComparisonRequest, Contest, Twin
from training.compare.plan import plan_twins
from training.compare.results import records
from training.data import open_source
from training.reporting import StartFacts, TrainingConsole, Waiting
from training.request import ResolvedTraining, resolve
from training.runs.choosing import finished_run
from training.runs.evaluations import Evaluation
from training.runs.folder import RUNS, Run
from training.train import train_resolved
from zoo.system.quiet_tensorflow import start_tensorflow

Runs = dict[tuple[str, int], Run]
"""By key of the twin, and seed."""


class _ProgressOnly(TrainingConsole):
    """Show only how far a training is."""

    def start(self, facts: StartFacts) -> None:
        """Show the progress bar of a terminal; print the run's facts only where it is resumed."""
        quiet = self.console.quiet
        self.console.quiet = quiet or facts.step == 0
        super().start(facts)
        self.console.quiet = quiet

    def progress(self, step: int, values: Mapping[str, float], rate: float) -> None:
        """Update the progress bar of a terminal."""
        if self._progress:
            super().progress(step, values, rate)

    def waiting(self, words: str) -> Waiting:
        """Show on a terminal that work goes on."""
        self.stop()
        return Waiting(self.console if self.console.is_terminal else Console(quiet=True), words)

    def finish(self, run: Run, evaluation: Evaluation) -> None:
        """Remove the progress bar; the comparison's own report shows what was reached."""
        self.stop()


def compare(request: ComparisonRequest, console: Console, root: Path = RUNS) -> Path:
    """Train and measure every twin and write the report; return the comparison's folder.

    Raises:
        InputError: the request cannot be carried out; nothing was created.
        RunError: a training failed; the others are kept.
        Interrupted: a signal stopped it; what was trained is saved.
    """
    recipe = request.recipe()
    source = open_source(recipe.source, recipe.image_size, announce=lambda text: console.print(f"note: {text}"))
    console.print(f"data: {source.name}" + (f" ({source.reason})" if source.reason else ""))
    start_tensorflow()
    import tensorflow as tf

    from training.compare.measure.collect import collect
    from training.compare.report.write import write_report

    # All twins trace functions with the same names, which TensorFlow reports as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    twins, pairs = plan_twins(request, source.image_shape)
    seeds = f"{request.seeds} seed{'' if request.seeds == 1 else 's'}"
    console.print(f"comparing {len(twins)} twins of {request.name} over {seeds}, {recipe.steps:,} steps each")
    trainings = {
        (twin.key, seed): resolve(request.training(twin, seed, source.name, root), source)
        for seed in range(request.seeds)
        for twin in twins
    }
    runs = _trained_runs(trainings, twins, console)
    folder = records.folder_of(request.name, source.name, root / records.COMPARISONS.name)
    console.print("measuring checkerboard and costs")
    collect(Contest(request, twins, pairs, source, trainings, runs), folder)
    write_report(folder)
    return folder


def _trained_runs(
    trainings: Mapping[tuple[str, int], ResolvedTraining], twins: Sequence[Twin], console: Console
) -> Runs:
    """Return every run, trained now where it does not exist yet."""
    labels = {twin.key: twin.label for twin in twins}
    runs: Runs = {}
    for number, ((key, seed), training) in enumerate(trainings.items(), 1):
        request = training.request
        run, took = finished_run(str(request.model), training.identity, seed, request.root), "trained before"
        if run is None:
            started = time.monotonic()
            run = train_quietly(training)
            took = f"{time.monotonic() - started:.0f} s"
        runs[key, seed] = run
        console.print(f"{number}/{len(trainings)}  {labels[key]}, seed {seed}: {run.path} ({took})")
    return runs


def train_quietly(training: ResolvedTraining) -> Run:
    """Train a model that shows only its progress; return its finished run."""
    import keras

    request = training.request
    progress = _ProgressOnly()
    try:
        # Pictures that are drawn at run time depend on the seed.
        source = open_source(request.recipe.source, request.recipe.image_size, request.seed, announce=progress.note)
        return Run(train_resolved(training, source, progress).parent)
    finally:
        progress.stop()
        # Free what Keras and TensorFlow keep of a training, which would add up over dozens of them.
        keras.backend.clear_session()
        gc.collect()
