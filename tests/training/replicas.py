"""Train small models on one device and on two, and print how far apart their weights are, as JSON.

A process of its own runs this, because a processor is split into devices before TensorFlow is used.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from training.checkpoint import snapshot
from training.data.pictures import ArrayPictures
from training.loop import Loop
from training.precision import precision
from training.recipes import recipe_for
from training.strategy import create_strategy
from training.tasks import task_class
from zoo.models import build_model, parse_name

SETTINGS = {
    "batch": 4,
    "model.filters": 2,
    "model.latent": 4,
    "model.image_shape": (16, 16, 1),
    "learning_rate": 1e-3,
    "precision": "float64",
}


def pictures(count: int = 40, size: int = 16) -> ArrayPictures:
    """Bright boxes on black."""
    generator = np.random.default_rng(0)
    images = np.zeros((count, size, size, 1), np.uint8)
    for image in images:
        top, left = generator.integers(0, size // 2, 2)
        image[top : top + size // 2, left : left + size // 2] = generator.integers(100, 256)
    return ArrayPictures(images)


def small_loop(model: str, strategy: tf.distribute.Strategy, steps: int, **settings: object) -> Loop:
    """A loop over a small model on those pictures, which writes nothing."""
    name = parse_name(model)
    recipe = recipe_for(name.family, None, SETTINGS | {"steps": steps} | settings)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        copies = [build_model(model, **recipe.model) for _ in range(2 if recipe.average else 0)]
        task = task_class(recipe.task)(recipe, build_model(model, **recipe.model), 4, copies=copies, seed=3)
    return Loop(task, strategy, pictures(), pictures(), seed=3, run=None)


def distances(model: str, mirrored: tf.distribute.Strategy, steps: int, **settings: object) -> dict[str, float]:
    """Global relative L2 of every group of variables after so many steps."""
    reached = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        loop = small_loop(model, strategy, steps, **settings)
        loop.advance(loop.stream(), steps)
        loop.task.refresh()
        groups = loop.task.groups() | {"published": loop.task.published.weights}
        reached.append({key: snapshot(group) for key, group in groups.items()})
    return {
        key: (
            sum(np.sum((a - b) ** 2) for a, b in zip(reached[0][key], reached[1][key], strict=True))
            / max(sum(np.sum(np.square(a.astype(float))) for a in reached[0][key]), 1e-30)
        )
        ** 0.5
        for key in reached[0]
    }


if __name__ == "__main__":
    two = create_strategy("mirrored", logical_cpus=2)
    with precision("float64"):
        found = {model: distances(model, two, int(sys.argv[1])) for model in sys.argv[2:]}
    print(json.dumps(found))
