"""Read the files of a comparison, from which its report is made."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.compare.contest import Pair, Twin
from training.errors import InputError
from training.runs.folder import RUNS
from zoo.system.files import read_csv

COMPARISONS = RUNS / "compare"
FACTS = "comparison.json"
RUN_ROWS, CURVES, SPECTRA, COSTS, TWINS, PAIRS = (
    "runs.csv",
    "curves.csv",
    "spectra.csv",
    "costs.csv",
    "twins.csv",
    "pairs.csv",
)
PICTURES = "pictures"
DATA = "data"
"""The key of the data among the twins, in the spectra of a generator's comparison."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """Hold everything that a comparison measured.

    Attributes:
        folder: the comparison's folder.
        facts: the contents of comparison.json, such as source, budget, metrics and machine.
        twins: the contestants.
        pairs: pairs of twins whose differences are tested.
        runs: one row per twin and seed.
        curves: one row per twin, seed, step and tag.
        spectra: one row per twin, moment and frequency; for generators those of the data too.
        costs: one row per twin.
    """

    folder: Path
    facts: dict[str, Any]
    twins: list[Twin]
    pairs: list[Pair]
    runs: list[Row]
    curves: list[Row]
    spectra: list[Row]
    costs: list[Row]

    def values(self, twin: str, column: str) -> list[float]:
        """Return a twin's values of a column of `runs`, by seed; empty if it has none."""
        rows = sorted((row for row in self.runs if row["twin"] == twin), key=lambda row: row["seed"])
        return [row[column] for row in rows if row.get(column) is not None]

    def cost(self, twin: str, column: str) -> float | None:
        """Return a twin's cost, or None if it is not known."""
        return next((row[column] for row in self.costs if row["twin"] == twin), None)

    def curve(self, twin: str, seed: int, tag: str) -> list[tuple[int, float]]:
        """Return the steps and values of a tag."""
        return [
            (row["step"], row["value"])
            for row in self.curves
            if row["twin"] == twin and row["seed"] == seed and row["tag"] == tag
        ]


def folder_of(name: str, source: str, root: Path = COMPARISONS) -> Path:
    """Return `runs/compare/<family>[_x<scale>]/<source>/`."""
    return root / name / re.sub("[^a-z0-9_+]+", "-", source.lower()).strip("-")


def existing(name: str, source: str | None, root: Path = COMPARISONS) -> list[Path]:
    """Return the folders of finished comparisons of a family.

    Raises:
        InputError: there is none.
    """
    pattern = folder_of(name, source, root).name if source else "*"
    folders = sorted(path.parent for path in (root / name).glob(f"{pattern}/{FACTS}"))
    if not folders:
        where = f" on {source}" if source else ""
        raise InputError(
            f"{name} was not compared{where} yet: there is no {root / name / pattern / FACTS}; make compare"
        )
    return folders


def all_in(root: Path) -> list[Path]:
    """Return the folders of all finished comparisons below a folder."""
    return sorted(path.parent for path in root.glob(f"*/*/{FACTS}"))


def read(folder: Path) -> Results:
    """Read a comparison."""
    facts = json.loads((folder / FACTS).read_text())
    return Results(
        folder,
        facts,
        [Twin(**twin) for twin in facts["twins"]],
        [Pair(**pair) for pair in facts["pairs"]],
        *(read_rows(folder / name) for name in (RUN_ROWS, CURVES, SPECTRA, COSTS)),
    )


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file with numbers parsed and empty cells as None; no rows if there is no file."""
    if not path.is_file():
        return []
    return [{key: _value(text) for key, text in row.items()} for row in read_csv(path)]


def _value(text: str) -> Any:
    if text == "":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
