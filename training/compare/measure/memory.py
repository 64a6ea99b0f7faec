"""Print the peak memory of a process that trains a few steps.

python -m training.compare.measure.memory FACTS BATCH
"""

import json
import sys

import numpy as np

from training.recipes import Recipe
from training.train import Order, create_task
from zoo.models import parse_name
from zoo.system.machine import peak
from zoo.system.quiet_tensorflow import start_tensorflow

STEPS = 3


def main() -> None:
    """Train a few steps on one batch, run forward, and print the peak in MiB."""
    facts = json.loads(sys.argv[1])
    start_tensorflow()
    import tensorflow as tf

    from training.loop.precision import precision

    with np.load(sys.argv[2], allow_pickle=False) as file:
        batch = {key: tf.constant(file[key]) for key in file.files}
    order = Order(parse_name(facts["model"]), Recipe(**facts["recipe"]))
    with precision(order.recipe.precision):
        task = create_task(order, tuple(facts["image_shape"]))
        step = tf.function(lambda: task.step(batch))
        for _ in range(STEPS):
            step()
    print(peak())


if __name__ == "__main__":
    main()
