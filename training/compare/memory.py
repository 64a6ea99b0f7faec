"""python -m training.compare.memory FACTS BATCH: the most memory that a process holds while it trains a little."""

import json
import re
import resource
import sys
from pathlib import Path

import numpy as np

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

    with np.load(sys.argv[2], allow_pickle=False) as file:
        batch = {key: tf.constant(file[key]) for key in file.files}
    order = Order(parse_name(facts["model"]), Recipe(**facts["recipe"]))
    task = create_task(order, tuple(facts["image_shape"]))
    step = tf.function(lambda: task.step(batch))
    for _ in range(STEPS):
        step()
    print(peak())


def peak() -> float:
    """MiB that this process held at most."""
    # The resource module counts what the parent held before this program replaced its copy.
    try:
        found = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
