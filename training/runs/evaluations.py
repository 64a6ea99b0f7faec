"""What a model reaches on a part of a source: rows, means, and the files that hold them."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.runs.folder import Run
from zoo.system.files import write_json, write_text

TEST_SETS = ("set5", "set14")


@dataclass(frozen=True)
class Evaluation:
    """What a model reaches on one part of a source.

    Attributes:
        source: name of the source.
        split: its part.
        protocol: how it was measured, in a sentence.
        rows: a picture's name, and its metrics by name. A metric that a picture does not have is absent.
        estimates: metrics whose mean is told with its standard error.
        samples: pictures that the model drew, which are measured together.
        together: the metrics of those.
    """

    source: str
    split: str
    protocol: str
    rows: list[tuple[str, dict[str, float]]]
    estimates: tuple[str, ...] = ()
    samples: int = 0
    together: Mapping[str, float] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        """How many pictures were measured."""
        return len(self.rows) or self.samples

    def means(self) -> dict[str, float]:
        """The mean of every metric over the pictures that have it, and the metrics of the samples."""
        names = dict.fromkeys(name for _, row in self.rows for name in row)
        means = {name: float(np.mean([row[name] for _, row in self.rows if name in row])) for name in names}
        return means | dict(self.together)

    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the means of `estimates`, where there are two pictures or more."""
        columns = {name: [row[name] for _, row in self.rows if name in row] for name in self.estimates}
        return {
            name: float(np.std(column, ddof=1) / len(column) ** 0.5)
            for name, column in columns.items()
            if len(column) > 1
        }

    def facts(self) -> dict[str, Any]:
        """As JSON values, for the card."""
        facts = {
            "source": self.source,
            "split": self.split,
            "protocol": self.protocol,
            "pictures": self.pictures,
            "metrics": self.means(),
        }
        return facts | ({"standard_errors": self.standard_errors()} if self.estimates else {})

    def write(self, folder: Path, model: str = "", features: str = "") -> Path:
        """Write `[<model>-]<source>-<split>[-<features>].csv`, one row a picture, and all means as `.json`.

        Where there are samples alone, the CSV has one row for them together.

        Returns the path of the CSV.
        """
        folder.mkdir(parents=True, exist_ok=True)
        words = [model, re.sub("[^a-z0-9_+]+", "-", self.source.lower()), self.split, features]
        path = folder / ("-".join(filter(None, words)) + ".csv")
        write_json(path.with_suffix(".json"), self.facts())
        text = io.StringIO()
        rows = self.rows or [("all samples", dict(self.together))]
        columns = dict.fromkeys(name for _, row in rows for name in row)
        writer = csv.DictWriter(text, ["picture", *columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"picture": name, **row} for name, row in rows)
        write_text(path, text.getvalue())
        return path


def read_evaluations(run: Path) -> list[dict[str, Any]]:
    """The facts of every evaluation of a run, the main one first.

    That is the one on the run's own source, or for super-resolution the literature's test sets in its order.
    """
    source = Run(run).config()["source"]["name"]
    order = [*TEST_SETS, source]
    facts = [json.loads(path.read_text()) for path in sorted((run / "evaluation").glob("*.json"))]
    return sorted(facts, key=lambda each: order.index(each["source"]) if each["source"] in order else len(order))
