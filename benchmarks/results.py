"""Write the results of benchmarks as CSV files in `results/`."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.system.files import write_text
from zoo.system.machine import machine

ROOT = Path(__file__).resolve().parents[1]
SPEED = ROOT / "results" / "speed"


def write_results(
    path: Path, rows: Sequence[Mapping[str, Any]], kept: Callable[[Mapping[str, str]], bool] | None = None
) -> None:
    """Write rows as CSV, each with the facts of the machine, whole or not at all; the first row has every column.

    Args:
        path: of the file.
        rows: what was measured.
        kept: which rows of the file stay, before these; none by default.
    """
    facts = machine()
    before = [row for row in read_rows(path) if kept(row)] if kept else []
    write_rows(path, [*before, *({**row, **facts} for row in rows)])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, whole or not at all; the first row has every column."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())
