"""Make the tables of docs/serving.md and docs/runtimes.md from results/speed/."""

from collections.abc import Callable
from pathlib import Path

from scripts.markdown import table
from zoo.system.files import read_csv

SPEED = Path(__file__).resolve().parents[1] / "results" / "speed"


def serving(path: Path = SPEED / "serving.csv") -> str:
    """Return the rate and latency of the server under load and of a bare loop, one row each."""
    measured = read_csv(path)
    rows = [
        [row["term"], *(row[name] for name in ("clients", "requests_per_second", "p50_ms", "p99_ms", "errors"))]
        for row in measured
    ]
    first = measured[0]
    note = f"`{first['model']}`, {first['picture']}; {first['processor']}, {first['cores']} cores; {first['date']}."
    return table("|clients|requests per second|50th percentile, ms|99th percentile, ms|errors", rows) + f"\n{note}\n"


TABLES: dict[str, Callable[[], str]] = {"serving": serving}
