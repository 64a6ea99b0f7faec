"""Record how often something was tried and how often it was survived, in `results/robustness/reliability.csv`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from zoo.system.files import read_csv, write_csv
from zoo.system.machine import machine

RESULTS = Path(__file__).resolve().parents[2] / "results" / "robustness" / "reliability.csv"


@dataclass(frozen=True)
class Trial:
    """Hold one row of the table.

    Attributes:
        what: was tried, such as `fuzz upscale`; names the row.
        tried: number of cases.
        survived: cases that ended in the right result or in the documented error.
        lost: all other cases.
        seconds: that all cases took.
        command: that repeats them.
    """

    what: str
    tried: int
    survived: int
    lost: int
    seconds: float
    command: str


def record(trials: Sequence[Trial], path: Path = RESULTS) -> None:
    """Write rows into the table, with the facts of the machine. A row replaces the old one of the same `what`."""
    rows = {row["what"]: row for row in (read_csv(path) if path.is_file() else [])}
    facts = machine()
    rows |= {each.what: {**asdict(each), "seconds": f"{each.seconds:.1f}", **facts} for each in trials}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, [rows[what] for what in sorted(rows)])
