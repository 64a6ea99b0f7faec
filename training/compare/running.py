"""Compare: train what is not there yet, measure, report."""

import gc
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from training.compare.plan import Request, Twin, twins
from training.compare.results import records
from training.data import Source, open_source
from training.reporting.console import Report
from training.runs.config import identity
from training.runs.folder import RUNS, Run, finished_run
from training.train import train
from zoo.system.quiet_tensorflow import start_tensorflow

Runs = dict[tuple[str, int], Run]
"""By key of the twin, and seed."""


class _OneLine(Report):
    """Says of a training only how far it is."""

    def source(self, source: Source) -> None:
        """Said once for all trainings."""

    def start(self, *arguments: Any) -> None:
        """The progress bar of a terminal; its path only where an earlier run goes on."""
        *_, step, _ = arguments
        quiet = self.console.quiet
        self.console.quiet = quiet or step == 0
        super().start(*arguments)
        self.console.quiet = quiet

    def progress(self, step: int, values: Mapping[str, float], rate: float) -> None:
        """The progress bar of a terminal."""
        if self._progress:
            super().progress(step, values, rate)

    def finish(self, *_: Any) -> None:
        """What was reached stands in the report of all."""
        self.stop()


def compare(asked: Request, console: Console, root: Path = RUNS) -> Path:
    """Train and measure every twin, write the report; returns the comparison's folder.

    Raises:
        InputError: something that was asked for cannot be done; nothing was created.
        RunError: a training failed; the others are kept.
        Interrupted: a signal stopped it after what was trained was saved.
    """
    recipe = asked.recipe()
    source = open_source(recipe.source, recipe.image_size, announce=lambda text: console.print(f"note: {text}"))
    console.print(f"data: {source.name}" + (f" ({source.reason})" if source.reason else ""))
    start_tensorflow()
    import tensorflow as tf

    # Functions of one name are traced for every twin; TensorFlow takes that for retracing.
    tf.get_logger().setLevel("ERROR")
    contestants, pairs = twins(asked, source.image_shape)
    console.print(
        f"comparing {len(contestants)} twins of {asked.name} over {asked.seeds} seeds, {recipe.steps:,} steps each"
    )
    runs = _trained(asked, contestants, source, console, root)
    folder = records.folder_of(asked.name, source.name, root / records.COMPARISONS.name)
    from training.compare.measure.collect import collect
    from training.compare.report.write import write_report

    console.print("measuring checkerboard and costs")
    collect(asked, contestants, pairs, source, runs, folder)
    write_report(folder)
    return folder


def _trained(asked: Request, contestants: Sequence[Twin], source: Source, console: Console, root: Path) -> Runs:
    """Every run, trained where it is not there."""
    import keras

    from training.runs.starting_weights import first_weights

    runs: Runs = {}
    wanted = [(twin, seed) for seed in range(asked.seeds) for twin in contestants]
    for number, (twin, seed) in enumerate(wanted, 1):
        order = asked.order(twin, seed, source.name, root)
        what = identity(order, source, first_weights(order, source))
        run = finished_run(twin.model, what, seed, root)
        said = "trained before"
        if run is None:
            started = time.monotonic()
            report = _OneLine()
            try:
                run = Run(train(order, report).parent)
            finally:
                report.stop()
            said = f"{time.monotonic() - started:.0f} s"
            # What a training leaves in Keras and TensorFlow would add up over dozens.
            keras.backend.clear_session()
            gc.collect()
        runs[twin.key, seed] = run
        console.print(f"{number}/{len(wanted)}  {twin.label}, seed {seed}: {run.path} ({said})")
    return runs
