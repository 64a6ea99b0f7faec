"""Optimisers and their schedules."""

from training.optimisers.table import OPTIMISERS, OptimiserInfo, check_optimiser, create_optimiser, learning_rate

__all__ = ["OPTIMISERS", "OptimiserInfo", "check_optimiser", "create_optimiser", "learning_rate"]
