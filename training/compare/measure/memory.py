"""Print the peak memory in MiB of a process that trains a few steps.

python -m training.compare.measure.memory FACTS BATCH
"""

import json
import sys

import numpy as np

from training.recipes import recipe_from_flat
from training.tasks.architecture import architecture
from zoo.models import parse_name
from zoo.system.machine import peak
from zoo.system.quiet_tensorflow import start_tensorflow

STEPS = 3


def main() -> None:
    """Train a few steps on one batch, and print the peak."""
    facts = json.loads(sys.argv[1])
    start_tensorflow()
    import tensorflow as tf

    from training.loop.precision import precision
    from training.tasks.create import create_task

    with np.load(sys.argv[2], allow_pickle=False) as file:
        batch = {key: tf.constant(file[key]) for key in file.files}
    recipe = recipe_from_flat(facts["recipe"])
    networks = architecture(parse_name(facts["model"]), recipe, tuple(facts["image_shape"]))
    with precision(recipe.precision):
        task = create_task(networks, recipe)
        step = tf.function(lambda: task.step(batch))
        for _ in range(STEPS):
            step()
    print(peak())


if __name__ == "__main__":
    main()
