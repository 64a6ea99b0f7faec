"""The facts of a machine that stand beside every figure measured on it."""

import csv
import datetime
import io
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Processor, cores, versions and the date, as columns of a CSV."""
    import keras
    import tensorflow as tf

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "date": datetime.date.today().isoformat(),
    }


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, each with the facts of the machine, whole or not at all; the first row has every column."""
    from zoo.files import write_text

    facts = machine()
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0], *facts], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, **facts} for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text.getvalue())


def processor() -> str:
    """The processor's own name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
