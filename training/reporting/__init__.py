"""Show a training: on the console, in TensorBoard, and in plots."""

from training.reporting.console import StartFacts, TrainingConsole

__all__ = ["StartFacts", "TrainingConsole"]
