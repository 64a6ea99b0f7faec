"""Show a training: on the console, in TensorBoard, and in plots."""

from training.reporting.console import StartFacts, TrainingConsole
from training.reporting.waiting import Waiting

__all__ = ["StartFacts", "TrainingConsole", "Waiting"]
