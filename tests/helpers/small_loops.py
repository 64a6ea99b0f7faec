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

from training.cluster import Jit, create_strategy
from training.data.batches.cells import Cells
from training.data.batches.pairs import make_pairs
from training.data.batches.patches import Patches
from training.data.batches.pictures import ArrayPictures, Pictures
from training.data.degradations.photo import Photo
from training.loop.loop import Loop
from training.loop.precision import precision
from training.recipes import Recipe, recipe_for
from training.runs.checkpoint import snapshot
from training.runs.folder import Run
from training.tasks import kind_of
from zoo.arrays import relative_distance
from zoo.models import build_model, parse_name
from zoo.registry import ModelName

SETTINGS = {"batch": 4, "learning_rate": 1e-3}
SMALLEST = {
    "espcn": {"model.filters": 4, "model.narrow": 4, "patch": 6, "margin": 1},
    "fsrcnn": {"model.d": 6, "model.s": 4, "model.m": 1, "patch": 6, "margin": 1},
    "sesr": {"model.m": 1, "model.filters": 4, "model.width": 8, "patch": 6, "margin": 1},
    "edsr": {"model.blocks": 1, "model.filters": 6, "patch": 6, "margin": 1},
    "span": {"model.blocks": 1, "model.filters": 4, "model.width": 8, "patch": 6, "margin": 1},
    "features": {"model.filters": 2, "model.image_shape": (16, 16, 1), "model.classes": 3},
}
"""Model arguments and patches by family."""
OTHERS = {"model.filters": 2, "model.latent": 4, "model.image_shape": (16, 16, 1)}
"""Model arguments of the families that are not in `SMALLEST`."""


def pictures(count: int = 40, size: int = 16) -> ArrayPictures:
    """Bright boxes on black."""
    generator = np.random.default_rng(0)
    images = np.zeros((count, size, size, 1), np.uint8)
    for image in images:
        top, left = generator.integers(0, size // 2, 2)
        image[top : top + size // 2, left : left + size // 2] = generator.integers(100, 256)
    return ArrayPictures(images)


def small_data(name: ModelName, recipe: Recipe, seed: int) -> tuple[Pictures, Pictures]:
    """Bright boxes, labelled if the model tells classes apart, or pairs that are cut from them."""
    boxes = pictures()
    if name.family.kind == "super-resolution":
        large = [np.kron(box, np.ones((2, 2, 1), np.uint8)) for box in boxes.take(tf.range(40)).numpy()]
        channels = 3 if name.family.name == "edsr" else 1
        pairs = make_pairs(large, name.period, channels=channels)
        options = recipe.super_resolution
        photo = Photo(name.period, seed) if options.degradation == "photo" else None
        return Patches(pairs, options.patch, seed, photo), Cells(large, name.period, channels=channels)
    if name.family.facts.classifies:
        labelled = ArrayPictures(boxes.take(tf.range(40)).numpy(), np.arange(40) % 3, 3)
        return labelled, labelled
    return boxes, boxes


def small_loop(
    model: str,
    steps: int,
    *,
    strategy: tf.distribute.Strategy | None = None,
    seed: int = 3,
    run: Run | None = None,
    jit: Jit = "0",
    compile_gradients: bool = False,
    clock: Callable[[], float] = time.monotonic,
    **settings: object,
) -> Loop:
    """A loop over a small model on those pictures."""
    strategy = strategy or tf.distribute.get_strategy()
    name = parse_name(model)
    smallest = SMALLEST.get(name.family.name, OTHERS)
    recipe = recipe_for(name.family, None, SETTINGS | smallest | {"steps": steps} | settings)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        copies = [build_model(model, **recipe.model) for _ in range(2)] if recipe.average else [None, None]
        task = kind_of(name.family).task(
            recipe,
            build_model(model, **recipe.model),
            name.period,
            average=copies[0],
            published=copies[1],
            compile_gradients=compile_gradients,
            seed=seed,
        )
    return Loop(task, strategy, *small_data(name, recipe, seed), seed=seed, run=run, jit=jit, clock=clock)


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
        loop.advance(steps)
        reached.append(weights(loop))
    return {key: relative_distance(values, reached[1][key]) for key, values in reached[0].items()}


def distance_of_paths(model: str, steps: int, float_type: str, **settings: object) -> dict[str, float]:
    """Return the global relative L2 between the host path and the compiled one of every group of variables."""
    with precision(float_type):
        host, compiled = (small_loop(model, steps, jit=jit, precision=float_type, **settings) for jit in ("0", "1"))
        for loop in (host, compiled):
            while loop.progress.step < steps:
                loop.advance(min(loop.pauses.steps_of_next_call(loop.progress.step), 40))
                loop.pauses.adapt_to(1e6)
    reached = weights(compiled)
    return {key: relative_distance(values, reached[key]) for key, values in weights(host).items()}


if __name__ == "__main__":
    two = create_strategy("mirrored", logical_cpus=2)
    with precision("float64"):
        found = {model: distances(model, two, int(sys.argv[1])) for model in sys.argv[2:]}
    print(json.dumps(found))
