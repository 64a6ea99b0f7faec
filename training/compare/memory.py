"""python -m training.compare.memory FACTS BATCH: the most memory that a process holds while it trains a little."""

import json
import sys

import numpy as np

from training.machine import peak
from training.recipes import Recipe
from training.train import Order, create_task
from zoo.models import parse_name
from zoo.start import start_tensorflow

STEPS = 3


def main() -> None:
    """Train a few steps on one batch, run forward, and print the peak in MiB."""
    facts = json.loads(sys.argv[1])
    start_tensorflow()
    import tensorflow as tf

    from training.precision import precision

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
