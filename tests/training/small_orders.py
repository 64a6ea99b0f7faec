"""Trainings of a few seconds."""

from pathlib import Path

from training.recipes import recipe_for
from training.train import Order
from zoo.models import parse_name

SMALL = {"batch": 12, "learning_rate": 3e-3, "warmup_steps": 2, "log_every": 3, "evaluations": 4, "model.filters": 3}


def small_order(root: Path, source: Path, model: str = "ae_subpixel", *, steps: int = 12, **options) -> Order:
    """A training of a few seconds."""
    settings = {**SMALL, "steps": steps, **options.pop("settings", {})}
    name = parse_name(model)
    return Order(
        model=name,
        recipe=recipe_for(name.family, f"folder:{source}", settings),
        settings=settings,
        root=root,
        **options,
    )
