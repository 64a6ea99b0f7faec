"""Build requests for trainings of a few seconds, and interrupt trainings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.errors import Interrupted
from training.loop.loop import Loop
from training.recipes import recipe_for
from training.request import TrainingRequest
from zoo.models import parse_name

SMALL = {"batch": 12, "learning_rate": 3e-3, "warmup_steps": 2, "log_every": 3, "evaluations": 4, "model.filters": 3}


def small_request(
    root: Path, source: Path, model: str = "ae_subpixel", *, steps: int = 12, **options
) -> TrainingRequest:
    """A training of a few seconds."""
    settings = {**SMALL, "steps": steps, **options.pop("settings", {})}
    name = parse_name(model)
    return TrainingRequest(
        model=name,
        recipe=recipe_for(name.family, f"folder:{source}", settings),
        settings=settings,
        root=root,
        **options,
    )


def interrupted_after(step: int, train: Callable[[], object]) -> None:
    """Train until the run is saved and stopped after that many steps."""
    advance = Loop.advance

    def stop_in_time(loop, count):
        count = min(count, step - loop.progress.step) if loop.progress.step < step else count
        advance(loop, count)
        if loop.progress.step == step:
            loop.save()
            raise Interrupted(15, step)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Interrupted):
        patched.setattr(Loop, "advance", stop_in_time)
        train()
