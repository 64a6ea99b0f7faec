"""The facts of a machine that stand beside every figure measured on it, and the memory that a process holds."""

import contextlib
import datetime
import os
import platform
import re
import resource
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


def processor() -> str:
    """The processor's own name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak() -> float:
    """MiB that this process held at most."""
    # The resource module counts what the parent held before this program replaced its copy.
    try:
        found = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Count what this process holds at most from now on, where Linux does so."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
