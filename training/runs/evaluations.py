"""Hold the metrics of a model on a part of a source, and read and write the files that hold them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.recipes import VariationalOptions
from training.runs.folder import Run
from zoo.system.files import write_csv, write_json

TEST_SETS = ("set5", "set14")


Show = Callable[..., None]
"""Show how far an evaluation is, as `training.reporting.Waiting.show` does."""


def _show_nothing(words: str, done: int = 0, total: int = 0) -> None:
    pass


@dataclass(frozen=True)
class EvaluationOptions:
    """Choose how to evaluate an exported model.

    Attributes:
        features: a name that `feature_function` takes, for the distances of samples; by default the published
            classifier of the source.
        draws: draws of the latent per picture, for the likelihood of a variational autoencoder.
        degradation: what is done to pictures that a super-resolution network enlarges, such as `jpeg:40`, in addition
            to the bicubic reduction.
        show: called with what is measured now, and with how many of how many pictures are done.
    """

    features: str | None = None
    draws: int = VariationalOptions.likelihood_draws
    degradation: str | None = None
    show: Show = field(default=_show_nothing, compare=False)


@dataclass(frozen=True)
class Evaluation:
    """Hold the metrics of a model on one part of a source.

    Attributes:
        source: name of the source.
        split: its part.
        protocol: a sentence that says how they were measured.
        rows: the name of each picture, and its metrics by name. A metric that a picture does not have is absent.
        estimates: metrics whose mean is reported with its standard error.
        samples: number of pictures that the model drew, which are measured together.
        of_samples: the metrics of those.
        degradation: what was done to the pictures in addition to the bicubic reduction; empty for nothing.
    """

    source: str
    split: str
    protocol: str
    rows: list[tuple[str, dict[str, float]]]
    estimates: tuple[str, ...] = ()
    samples: int = 0
    of_samples: Mapping[str, float] = field(default_factory=dict)
    degradation: str = ""

    @property
    def pictures(self) -> int:
        """Return how many pictures were measured."""
        return len(self.rows) or self.samples

    def means(self) -> dict[str, float]:
        """Return the mean of every metric over the pictures that have it, and the metrics of the samples."""
        names = dict.fromkeys(name for _, row in self.rows for name in row)
        means = {name: float(np.mean([row[name] for _, row in self.rows if name in row])) for name in names}
        return means | dict(self.of_samples)

    def standard_errors(self) -> dict[str, float]:
        """Return the standard errors of the means of `estimates`, where there are two pictures or more."""
        columns = {name: [row[name] for _, row in self.rows if name in row] for name in self.estimates}
        return {
            name: float(np.std(column, ddof=1) / len(column) ** 0.5)
            for name, column in columns.items()
            if len(column) > 1
        }

    def facts(self) -> dict[str, Any]:
        """Return the evaluation as JSON values, for the card."""
        facts = {
            "source": self.source,
            "split": self.split,
            "protocol": self.protocol,
            "pictures": self.pictures,
            "metrics": self.means(),
        }
        if self.estimates:
            facts["standard_errors"] = self.standard_errors()
        return facts | ({"degradation": self.degradation} if self.degradation else {})

    def write(self, folder: Path, model: str = "", features: str = "") -> Path:
        """Write one row per picture as CSV, and all means as JSON.

        The name is `[<model>-]<source>-<split>[-<degradation>][-<features>].csv`.

        If only samples were measured, the CSV has one row for all of them.

        Returns the path of the CSV.
        """
        folder.mkdir(parents=True, exist_ok=True)
        source, degradation = (re.sub("[^a-z0-9_+.]+", "-", text.lower()) for text in (self.source, self.degradation))
        words = [model, source, self.split, degradation, features]
        path = folder / ("-".join(filter(None, words)) + ".csv")
        write_json(path.with_suffix(".json"), self.facts())
        rows = self.rows or [("all samples", dict(self.of_samples))]
        write_csv(path, [{"picture": name, **row} for name, row in rows])
        return path


def read_evaluations(run: Path) -> list[dict[str, Any]]:
    """Return the facts of every evaluation of a run, the main one first.

    The main one is on the literature's test sets in their order, for super-resolution, or on the run's own source.
    Evaluations of degraded pictures come after the others of a source.
    """
    source = Run(run).config()["source"]["name"]
    order = [*TEST_SETS, source]
    facts = [json.loads(path.read_text()) for path in sorted((run / "evaluation").glob("*.json"))]

    def place(evaluation: Mapping[str, Any]) -> tuple[int, str]:
        source = evaluation["source"]
        return order.index(source) if source in order else len(order), evaluation.get("degradation", "")

    return sorted(facts, key=place)
