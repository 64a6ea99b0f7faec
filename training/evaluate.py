"""Evaluate an exported SavedModel on a source, picture by picture."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from training.data import Source, evaluation_batches, open_source
from training.errors import InputError
from training.files import write_json, write_text
from training.runs import RUNS, Run
from training.tasks.reconstruction import measures
from zoo.models import families
from zoo.pretrained import CARD, verify

BATCH = 100
PROTOCOL = "mean over pictures, values in 0..1, peak 1"


@dataclass(frozen=True)
class Evaluation:
    """What a model reaches on one part of a source.

    Attributes:
        source: name of the source.
        split: its part.
        rows: one a picture, metrics by name.
    """

    source: str
    split: str
    rows: list[dict[str, float]]

    def means(self) -> dict[str, float]:
        """The mean of every metric over the pictures."""
        return {name: float(np.mean([row[name] for row in self.rows])) for name in self.rows[0]}

    def facts(self) -> dict[str, Any]:
        """As JSON values, for the card."""
        return {
            "source": self.source,
            "split": self.split,
            "protocol": PROTOCOL,
            "pictures": len(self.rows),
            "metrics": self.means(),
        }

    def write(self, folder: Path, model: str = "") -> Path:
        """Write `[<model>-]<source>-<split>.csv`, one row a picture, and its means as `.json`; returns the CSV."""
        folder.mkdir(parents=True, exist_ok=True)
        words = [model, re.sub("[^a-z0-9_+]+", "-", self.source.lower()), self.split]
        path = folder / ("-".join(filter(None, words)) + ".csv")
        write_json(path.with_suffix(".json"), self.facts())
        text = io.StringIO()
        writer = csv.DictWriter(text, ["picture", *self.rows[0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"picture": number, **row} for number, row in enumerate(self.rows))
        write_text(path, text.getvalue())
        return path


def read_evaluations(run: Path) -> list[dict[str, Any]]:
    """The facts of every evaluation of a run, that of its own source first."""
    source = Run(run).config()["source"]["name"]
    facts = [json.loads(path.read_text()) for path in sorted((run / "evaluation").glob("*.json"))]
    return sorted(facts, key=lambda evaluation: evaluation["source"] != source)


def evaluate(saved_model: Path, family: str, source: Source) -> Evaluation:
    """Call an exported autoencoder on every picture that the source holds out and measure what comes back."""
    model = tf.saved_model.load(str(saved_model))
    period = families()[family].upsampling

    @tf.function
    def measure(image: tf.Tensor) -> dict[str, tf.Tensor]:
        image = tf.cast(image, tf.float32) / 255.0
        return measures(image, model.serve(image)["image"], period)

    def rows() -> Iterator[dict[str, float]]:
        for batch in evaluation_batches(source.split(source.held_out), batch_size=BATCH):
            columns = {name: values.numpy() for name, values in measure(batch["image"]).items()}
            for position in np.flatnonzero(batch["mask"].numpy()):
                yield {name: float(values[position]) for name, values in columns.items()}

    return Evaluation(source.name, source.held_out, list(rows()))


def find_saved_model(name: str) -> Path:
    """The verified folder of a published model, or the SavedModel of a run.

    Raises:
        InputError: the run is not finished, or is no run.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
    """
    if "/" not in name and not Path(name).is_dir():
        return verify(name)
    run = Run(Path(name))
    run.config()
    if not run.finished:
        raise InputError(f"{name} is not finished and has no saved_model/ yet; the command that began it goes on")
    return run.saved_model


def evaluate_command(name: str, data: str | None, console: Console) -> None:
    """Evaluate, print the means and write one row a picture: into the run's folder, or `runs/evaluate/`."""
    saved_model = find_saved_model(name)
    facts = json.loads((saved_model / CARD).read_text())
    shape = tuple(facts["input"]["shape"][1:])
    source = open_source(data or facts["source"])
    if source.image_shape != shape and shape[0] == shape[1]:
        source = open_source(data or facts["source"], image_size=shape[0])
        console.print(f"pictures of {source.name} are scaled and cut to {shape[0]}x{shape[1]}")
    if source.image_shape != shape:
        raise InputError(
            f"{name} takes pictures of {'x'.join(map(str, shape))}, {source.name} has "
            f"{'x'.join(map(str, source.image_shape))}; choose another source"
        )
    evaluation = evaluate(saved_model, facts["family"], source)
    is_run = (saved_model.parent / "config.json").is_file()
    path = evaluation.write(saved_model.parent / "evaluation" if is_run else RUNS / "evaluate", "" if is_run else name)
    table = Table("model", "source", "pictures", *evaluation.means())
    values = [f"{value:.4f}" for value in evaluation.means().values()]
    table.add_row(name, f"{source.name} {evaluation.split}", str(len(evaluation.rows)), *values)
    console.print(table)
    console.print(f"one row a picture: {path}")
