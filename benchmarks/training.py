"""Measure the steps per second of the training loop, of a bare step, and of Keras's `fit`.

    python -m benchmarks.training [--device cpu|gpu] [--models ae_subpixel espcn_x3_subpixel ...] [--rounds 15]
        [--steps 60]
    python -m benchmarks.training --device gpu --models ae_subpixel sesr_x2_subpixel ...

For each model, these terms run alternately, at the recipe's batch size:

- loop: `training.loop.loop.Loop` with its input pipeline,
- bare: a `tf.function` of one step of the same model and optimiser on one constant batch,
- fit, for an autoencoder: the same model under `keras.Model.fit` on an ordinary tf.data pipeline (shuffle, map, batch,
  prefetch).

On a GPU the loop takes its compiled path under the recipe's variant `gpu`, and the bare term is one XLA program of as
many steps on the constant batch. There is no fit.

Ratios are medians over rounds of the ratio within a round; 1 - loop / bare is the share of time that a step waits for
its input. The share of checkpoints is the median time of writing one, times the number that the recipe asks for (by
steps and by the clock), divided by the time of the whole training. Peak memory is that of a training of 300 steps, from
its start to its SavedModel, in a separate process. Rows of models that are not measured stay in the file.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.results import ROOT, SPEED, use_gpu, write_results
from training.data import batches, open_source
from training.loop.loop import Loop
from training.loop.pauses import CHECKPOINTS
from training.recipes import Recipe, recipe_for
from training.runs.folder import Run
from training.tasks import kind_of, task_name
from training.tasks.pictures import to_float
from training.tasks.reconstruction.task import LOSSES
from training.tasks.task import Scalars, Task
from zoo import create_model
from zoo.models import parse_name
from zoo.system.machine import machine

GOALS = {
    "ae_subpixel": {"loop / bare": 0.90, "loop / fit": 1.0},
    "espcn_x3_subpixel": {"loop / bare": 0.95},
    "fsrcnn_x3_subpixel": {"loop / bare": 0.95},
    "sesr_x2_subpixel": {"loop / bare": 0.95},
    "vae_subpixel": {"loop / bare": 0.90},
    "dcgan_subpixel": {"loop / bare": 0.90},
}
MEMORY_GOAL = 2.0
CHECKPOINTS_TERM, CHECKPOINTS_GOAL = "checkpoints / training", 0.02


class Rounds:
    """Run the terms of one model alternately, and hold their steps per second."""

    def __init__(self, name: str, data: str | None, steps: int, folder: Path, *, compiled: bool = False) -> None:
        self.model = parse_name(name)
        variant = "gpu" if compiled else None
        self.whole = recipe_for(self.model.family, data, {}, variant=variant).steps
        self.recipe: Recipe = recipe_for(self.model.family, data, {"steps": 10**6}, variant=variant)
        self.source = open_source(self.recipe.source, self.recipe.image_size)
        self.arguments = dict(self.recipe.model)
        if "image_shape" in self.model.family.arguments:
            self.arguments["image_shape"] = self.source.image_shape
        task = kind_of(self.model.family).task
        self.pictures, validation = task.data(self.source, self.recipe, self.new_model(), self.model.period, 0)
        self.run = Run(folder)
        self.run.create({})
        self.loop = Loop(
            self.new_task(),
            tf.distribute.get_strategy(),
            self.pictures,
            validation,
            seed=0,
            run=self.run,
            jit="1" if compiled else "0",
        )
        self.steps = min(steps, self.loop.path.longest_call or steps)
        bare_task = self.new_task()
        constant = next(iter(batches(self.pictures, batch_size=self.recipe.batch, seed=0, total_steps=1)))

        # The number of the step changes, because some tasks do more work at every n-th step.
        def bare_step(step: tf.Tensor) -> Scalars:
            return bare_task.step({**constant, "step": step})

        def body(step: tf.Tensor) -> tuple[tf.Tensor]:
            bare_step(step)
            return (step + 1,)

        def bare_program() -> None:
            tf.while_loop(lambda step: step < self.steps, body, (tf.zeros([], tf.int64),))

        one_step = tf.function(bare_step, autograph=False)
        program = tf.function(bare_program, jit_compile=True, autograph=False)

        def bare() -> None:
            if compiled:
                program()
                # A GPU goes on working after the call; reading a weight waits for it.
                bare_task.model.trainable_variables[0].numpy()
            else:
                for step in tf.range(self.steps, dtype=tf.int64):
                    one_step(step)

        self.bare = bare
        self.rates: dict[str, list[float]] = {"loop": [], "bare": []}

    def new_model(self) -> keras.Model:
        """Return the model with the same initial weights each time."""
        keras.utils.set_random_seed(0)
        return create_model(str(self.model), **self.arguments)

    def new_task(self) -> Task:
        """Return the untrained model with an optimiser."""
        model = self.new_model()
        average, published = (self.new_model(), self.new_model()) if self.recipe.average else (None, None)
        task = kind_of(self.model.family).task
        return task(self.recipe, model, self.model.period, average=average, published=published)

    def round(self) -> None:
        """Measure the loop and the bare step once."""
        self._timed("loop", lambda: self.loop.advance(self.steps))
        self._timed("bare", self.bare)

    def _timed(self, name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        self.rates[name].append(self.steps / (time.perf_counter() - started))

    def with_fit(self, rounds: int) -> None:
        """Measure `fit` in each of its epochs, and the other terms between epochs."""
        turns, rates = self, self.rates
        rates["fit"] = []

        class Turns(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
                if batch == 0:
                    self.started = time.perf_counter()

            def on_train_batch_end(self, batch: int, logs: object = None) -> None:
                if batch == turns.steps - 1:
                    rates["fit"].append(turns.steps / (time.perf_counter() - self.started))

            def on_epoch_end(self, epoch: int, logs: object = None) -> None:
                turns.round()

        task, loss = self.new_task(), LOSSES[self.recipe.loss]
        task.model.compile(task.optimisers["model"], loss=lambda target, output: tf.reduce_mean(loss(target, output)))
        images = tf.concat(
            [batch["image"] for batch in batches(self.pictures, batch_size=500, seed=0, total_steps=60)], 0
        )
        ordinary = (
            tf.data.Dataset.from_tensor_slices(images)
            .repeat()
            .shuffle(10_000)
            .map(lambda image: (to_float(image), to_float(image)), num_parallel_calls=tf.data.AUTOTUNE)
            .batch(self.recipe.batch, drop_remainder=True)
            .prefetch(tf.data.AUTOTUNE)
        )
        task.model.fit(
            ordinary, epochs=rounds, steps_per_epoch=self.steps, verbose=0, shuffle=False, callbacks=[Turns()]
        )

    def checkpoints(self, times: int = 5) -> float:
        """Return the share of a whole training's time that its checkpoints take."""
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            self.loop.save()
            seconds.append(time.perf_counter() - started)
        training = self.whole / statistics.median(self.rates["loop"][1:])
        between = training / CHECKPOINTS
        written = CHECKPOINTS * max(1, math.ceil(between / (60 * self.recipe.checkpoint_minutes)))
        spent = written * statistics.median(seconds)
        return spent / (training + spent)

    def close(self) -> None:
        """Release the run's folder."""
        self.loop.close()
        self.run.release()

    def ratios(self) -> dict[str, float]:
        """Return medians over the rounds. The first round is left out: it includes tracing."""
        return {
            f"loop / {other}": statistics.median(
                a / b for a, b in zip(self.rates["loop"][1:], self.rates[other][1:], strict=True)
            )
            for other in self.rates
            if other != "loop"
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--models", nargs="+", default=list(GOALS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, help="of each term in a round: by default 60, and 600 on a GPU")
    parser.add_argument("--data", help="a source; by default each recipe's own")
    parser.add_argument("--out", type=Path, help="by default training.csv or training_gpu.csv in results/speed/")
    options = parser.parse_args()

    compiled = options.device == "gpu"
    if compiled:
        use_gpu(parser)
    else:
        tf.config.set_visible_devices([], "GPU")

    steps = options.steps or (600 if compiled else 60)
    out = options.out or SPEED / ("training_gpu.csv" if compiled else "training.csv")
    console = Console()
    rows: list[dict[str, object]] = []
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            turns = Rounds(name, options.data, steps, Path(folder), compiled=compiled)
            if task_name(turns.model.family) == "reconstruction" and not compiled:
                turns.with_fit(options.rounds + 1)
            else:
                for _ in range(options.rounds + 1):
                    turns.round()
            checkpoints = turns.checkpoints()
            turns.close()
        run = {"model": name, "source": turns.source.name, "batch": turns.recipe.batch, "rounds": options.rounds}
        table = Table("term", "value", "goal", title=f"{name}, {turns.source.name}, batch {turns.recipe.batch}")
        for term, rates in turns.rates.items():
            rate = statistics.median(rates[1:])
            table.add_row(term, f"{rate:.1f} steps/s", "")
            rows.append(run | {"measure": term, "value": f"{rate:.2f}", "unit": "steps/s"})
        for term, ratio in turns.ratios().items():
            goal = GOALS.get(name, {}).get(term)
            verdict = f"at least {goal:.2f}{'' if ratio >= goal else ': MISSED'}" if goal else ""
            table.add_row(term, f"{ratio:.3f}", verdict)
            rows.append(run | {"measure": term, "value": f"{ratio:.3f}", "unit": "ratio"})
        verdict = f"at most {CHECKPOINTS_GOAL:.2f}{'' if checkpoints <= CHECKPOINTS_GOAL else ': MISSED'}"
        table.add_row(CHECKPOINTS_TERM, f"{checkpoints:.5f}", verdict)
        rows.append(run | {"measure": CHECKPOINTS_TERM, "value": f"{checkpoints:.5f}", "unit": "ratio"})
        console.print(table)
    if "ae_subpixel" in options.models and not compiled:
        memory = peak_memory(options.data)
        console.print(f"peak memory of a training of ae_subpixel: {memory:.2f} GiB (goal: under {MEMORY_GOAL:.0f})")
        rows.append(
            {"model": "ae_subpixel", "measure": "peak memory of a training", "value": f"{memory:.2f}", "unit": "GiB"}
        )

    device = machine()["processor"]
    write_results(out, rows, kept=lambda row: row["model"] not in options.models or row["processor"] != device)


def peak_memory(data: str | None) -> float:
    """Return the peak memory of a training of 300 steps, in GiB."""
    command = ["train", "--model", "ae_subpixel", "--steps", "300", *(["--data", data] if data else [])]
    # The process prints its own peak, because the system's count for a child starts from its parent's memory.
    code = f"from training.commands import main; from zoo.system.machine import peak; main({command}); print(peak())"
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
    return float(done.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    main()
