"""Loops over small models of any task, which write nothing unless they are given a run.

    python -m tests.helpers.small_loops STEPS MODEL ...

trains models on one device and on two and prints how far apart their weights are, as JSON. It is a process of its own,
because a processor is split into devices before TensorFlow is used.
"""

import json
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from training.cluster import create_strategy
from training.data.batches.pictures import ArrayPictures
from training.loop.loop import Loop
from training.loop.precision import precision
from training.recipes import recipe_for
from training.runs.checkpoint import snapshot
from training.runs.folder import Run
from training.tasks import kind_of
from zoo.arrays import relative_distance
from zoo.models import build_model, parse_name

SETTINGS = {
    "batch": 4,
    "model.filters": 2,
    "model.latent": 4,
    "model.image_shape": (16, 16, 1),
    "learning_rate": 1e-3,
}


def pictures(count: int = 40, size: int = 16) -> ArrayPictures:
    """Bright boxes on black."""
    generator = np.random.default_rng(0)
    images = np.zeros((count, size, size, 1), np.uint8)
    for image in images:
        top, left = generator.integers(0, size // 2, 2)
        image[top : top + size // 2, left : left + size // 2] = generator.integers(100, 256)
    return ArrayPictures(images)


def small_loop(
    model: str,
    steps: int,
    *,
    strategy: tf.distribute.Strategy | None = None,
    seed: int = 3,
    run: Run | None = None,
    jit: bool = False,
    clock: Callable[[], float] = time.monotonic,
    **settings: object,
) -> Loop:
    """A loop over a small model on those pictures."""
    strategy = strategy or tf.distribute.get_strategy()
    name = parse_name(model)
    recipe = recipe_for(name.family, None, SETTINGS | {"steps": steps} | settings)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        copies = [build_model(model, **recipe.model) for _ in range(2)] if recipe.average else [None, None]
        task = kind_of(name.family).task(
            recipe,
            build_model(model, **recipe.model),
            4,
            average=copies[0],
            published=copies[1],
            jit=jit,
            seed=seed,
        )
    return Loop(task, strategy, pictures(), pictures(), seed=seed, run=run, clock=clock)


def weights(loop: Loop) -> dict[str, list[np.ndarray]]:
    """Every variable by group, those of the published network too."""
    loop.task.refresh()
    groups = loop.task.groups() | {"published": loop.task.published.weights}
    return {key: snapshot(group) for key, group in groups.items()}


def distances(model: str, mirrored: tf.distribute.Strategy, steps: int) -> dict[str, float]:
    """Return the global relative L2 between one device and two of every group of variables after some steps."""
    reached = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        loop = small_loop(model, steps, strategy=strategy, precision="float64")
        loop.advance(loop.stream(), steps)
        reached.append(weights(loop))
    return {key: relative_distance(values, reached[1][key]) for key, values in reached[0].items()}


if __name__ == "__main__":
    two = create_strategy("mirrored", logical_cpus=2)
    with precision("float64"):
        found = {model: distances(model, two, int(sys.argv[1])) for model in sys.argv[2:]}
    print(json.dumps(found))
