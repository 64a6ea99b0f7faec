"""Measure an exported model on every picture of a part of a source."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from training.data import Source, evaluation_batches
from training.runs.evaluations import Show
from training.tasks.task import Batch

BATCH = 100

Rows = Iterator[tuple[str, dict[str, float]]]
"""The name of each picture, and its metrics by name."""


def measure_pictures(
    measure: Callable[[Batch], dict[str, tf.Tensor]],
    source: Source,
    split: str,
    show: Show,
    *,
    words: str = "measuring",
    batch_size: int = BATCH,
    labels: bool = False,
) -> Rows:
    """Yield the number and the metrics of every picture of a part.

    Args:
        measure: from a batch to metrics `[batch]` by name; it runs inside a `tf.function`, on a GPU as an XLA program.
        source: where pictures come from.
        split: the part of the source.
        show: called with `words` and the number of pictures that are done, after every batch.
        words: what is measured.
        batch_size: pictures that `measure` gets at once.
        labels: put the pictures' labels into the batches.
    """
    # On a GPU the many small operations of a metric take longer to start than to run.
    compiles = bool(tf.config.list_physical_devices("GPU"))
    measure = tf.function(measure, jit_compile=compiles, autograph=False)
    pictures, number = source.split(split), 0
    for batch in evaluation_batches(pictures, batch_size=batch_size, labels=labels):
        columns = {name: values.numpy() for name, values in measure(batch).items()}
        for position in np.flatnonzero(batch["mask"].numpy()):
            yield str(number), {name: float(values[position]) for name, values in columns.items()}
            number += 1
        show(words, number, pictures.count)
