"""Write the results of benchmarks as CSV files in `results/`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.system.files import read_csv, write_csv
from zoo.system.machine import machine

ROOT = Path(__file__).resolve().parents[1]
SPEED = ROOT / "results" / "speed"


def write_results(
    path: Path, rows: Sequence[Mapping[str, Any]], kept: Callable[[Mapping[str, str]], bool] | None = None
) -> None:
    """Write measured rows as CSV, each with the facts of the machine, atomically.

    Args:
        path: of the file.
        rows: to write.
        kept: whether a row that the file already has stays, before the new rows; by default none does.
    """
    facts = machine()
    before = [row for row in read_csv(path) if kept(row)] if kept and path.is_file() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, [*before, *({**row, **facts} for row in rows)])
