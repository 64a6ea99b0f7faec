"""Results of a benchmark as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.machine import machine
from zoo.files import write_text


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, each with the facts of the machine, whole or not at all; the first row has every column."""
    facts = machine()
    write_rows(path, [{**row, **facts} for row in rows])


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, whole or not at all; the first row has every column."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())
