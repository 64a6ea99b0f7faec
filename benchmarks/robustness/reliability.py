"""How often something was tried that could have broken, and how often it did: `results/robustness/reliability.csv`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from zoo.system.files import read_csv, write_csv
from zoo.system.machine import machine

RESULTS = Path(__file__).resolve().parents[2] / "results" / "robustness" / "reliability.csv"


@dataclass(frozen=True)
class Trial:
    """One row.

    Attributes:
        what: was tried, such as `fuzz upscale`; names the row.
        tried: how many times.
        survived: of them, with a right result or the error that is documented.
        lost: of them, without.
        seconds: that it took.
        command: that does it again.
    """

    what: str
    tried: int
    survived: int
    lost: int
    seconds: float
    command: str


def record(trials: Sequence[Trial], path: Path = RESULTS) -> None:
    """Put rows into the table, with the facts of the machine, in place of those of the same `what`; the rest stays."""
    rows = {row["what"]: row for row in (read_csv(path) if path.is_file() else [])}
    facts = machine()
    rows |= {each.what: {**asdict(each), "seconds": f"{each.seconds:.1f}", **facts} for each in trials}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, [rows[what] for what in sorted(rows)])
