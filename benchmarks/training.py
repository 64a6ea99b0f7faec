"""Steps per second of the training loop, beside a bare step and beside Keras's `fit`.

    python benchmarks/training.py [--rounds 15] [--steps 60] [--out benchmarks/training.csv]

One run, three terms in turn, `ae_subpixel` at the recipe's batch size:

- loop: `training.loop.Loop` with its input pipeline,
- bare: a `tf.function` of one step of the same model and optimiser on one constant batch,
- fit: the same model under `keras.Model.fit` on an ordinary tf.data pipeline (shuffle, map, batch, prefetch).

Ratios are medians over rounds of the ratio within a round. Peak memory is that of a whole training of 300 steps,
from its start to its SavedModel, in a process of its own.
"""

import argparse
import datetime
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The project instead of this folder, where this very file would be taken for the package `training`.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from training.data import batches, open_source
from training.loop import Loop
from training.recipes import recipe_for
from training.tasks.base import to_float
from training.tasks.reconstruction import LOSSES, Reconstruction
from zoo import create_model
from zoo.files import written_beside
from zoo.models import families

GOALS = {"loop / bare": 0.90, "loop / fit": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=60, help="steps of each term in a round")
    parser.add_argument("--data", default="auto:mnist|glyphs")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("training.csv"))
    options = parser.parse_args()

    source = open_source(options.data)
    recipe = recipe_for(families()["ae"], None, {"steps": 10**6})
    pictures = source.split("train")
    arguments = {"image_shape": source.image_shape, **recipe.model}

    def new_task() -> Reconstruction:
        keras.utils.set_random_seed(0)
        return Reconstruction(recipe, create_model("ae_subpixel", **arguments), 4)

    loop = Loop(new_task(), tf.distribute.get_strategy(), pictures, source.split("validation"), seed=0, run=None)
    stream = loop.stream()

    bare_task = new_task()
    constant = next(iter(batches(pictures, batch_size=recipe.batch, seed=0, total_steps=1)))
    bare_step = tf.function(lambda: bare_task.step(constant))

    def bare() -> None:
        for _ in range(options.steps):
            bare_step()

    rates: dict[str, list[float]] = {"loop": [], "bare": [], "fit": []}

    def timed(name: str, work: Callable[[], None]) -> None:
        started = time.perf_counter()
        work()
        rates[name].append(options.steps / (time.perf_counter() - started))

    class Rounds(keras.callbacks.Callback):
        """Each epoch of `fit` is one round; the other terms take their turns between epochs."""

        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            if batch == 0:
                self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == options.steps - 1:
                rates["fit"].append(options.steps / (time.perf_counter() - self.started))

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            timed("loop", lambda: loop.advance(stream, options.steps))
            timed("bare", bare)

    fitted = new_task()
    model, loss = fitted.published, LOSSES[recipe.loss]
    model.compile(fitted.optimisers["model"], loss=lambda target, output: tf.reduce_mean(loss(target, output)))
    images = tf.concat([batch["image"] for batch in batches(pictures, batch_size=500, seed=0, total_steps=60)], 0)
    ordinary = (
        tf.data.Dataset.from_tensor_slices(images)
        .repeat()
        .shuffle(10_000)
        .map(lambda image: (to_float(image), to_float(image)), num_parallel_calls=tf.data.AUTOTUNE)
        .batch(recipe.batch, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )
    model.fit(
        ordinary,
        epochs=options.rounds + 1,
        steps_per_epoch=options.steps,
        verbose=0,
        shuffle=False,
        callbacks=[Rounds()],
    )

    for values in rates.values():
        del values[0]  # tracing
    ratios = {
        f"loop / {other}": statistics.median(a / b for a, b in zip(rates["loop"], rates[other], strict=True))
        for other in ("bare", "fit")
    }
    memory = peak_memory(options.data)
    table = Table(
        "term",
        "steps/s",
        "goal",
        title=f"ae_subpixel, {source.name}, batch {recipe.batch}, medians of {options.rounds} rounds",
    )
    for name, values in rates.items():
        table.add_row(name, f"{statistics.median(values):.1f}", "")
    for name, ratio in ratios.items():
        table.add_row(name, f"{ratio:.3f}", f"at least {GOALS[name]:.2f}{'' if ratio >= GOALS[name] else ': MISSED'}")
    console = Console()
    console.print(table)
    console.print(f"peak memory of a training: {memory:.2f} GiB (goal: under 2)")

    with written_beside(options.out) as file:
        lines = [["measure", "value", "unit"]]
        lines += [[name, f"{statistics.median(values):.2f}", "steps/s"] for name, values in rates.items()]
        lines += [[name, f"{ratio:.3f}", "ratio"] for name, ratio in ratios.items()]
        lines += [["peak memory of a training", f"{memory:.2f}", "GiB"]]
        lines += [["batch", recipe.batch, "images"], ["source", source.name, ""], ["rounds", options.rounds, ""]]
        lines += [
            ["processor", f"{platform.machine()}, {os.cpu_count()} cores", ""],
            ["tensorflow", tf.__version__, ""],
        ]
        lines += [["keras", keras.__version__, ""], ["date", datetime.date.today().isoformat(), ""]]
        file.write("".join(",".join(map(str, line)) + "\n" for line in lines).encode())


def peak_memory(data: str) -> float:
    """GiB that a training of 300 steps holds at most."""
    command = ["-m", "training", "train", "--model", "ae_subpixel", "--data", data, "--steps", "300"]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": sys.path[0]}
        subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
