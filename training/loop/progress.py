"""Hold the progress of a run, which is saved with every checkpoint."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """Hold what a run knows in addition to its variables.

    Attributes:
        step: optimiser steps taken.
        rows: rows of metrics.csv so far.
        totals: sums of the training scalars since the last row.
        best: step and score of the best evaluation, or None.
        seconds: time spent in training steps; evaluations do not count.
        processor_seconds: processor time of those steps, over all cores.
    """

    step: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    totals: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] | None = None
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def state(self) -> dict[str, Any]:
        """Return all values but the step as JSON values."""
        values = dataclasses.asdict(self)
        del values["step"]
        return values
