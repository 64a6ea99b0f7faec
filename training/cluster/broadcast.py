"""Send what the chief has read to all workers, so that only the chief's folders matter."""

import pickle

import numpy as np
import tensorflow as tf

from training.runs.checkpoint import Checkpoint

# Bytes per collective operation. Every 4 bytes travel as a float64, which holds them exactly.
CHUNK_BYTES = 4 << 20


def chiefs_checkpoint(strategy: tf.distribute.Strategy, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """Return the chief's checkpoint on every worker, bit for bit; the other workers pass None."""
    # Pickle is safe here: the bytes come from a peer whose operations this worker runs anyway.
    shared: Checkpoint | None = pickle.loads(broadcast(strategy, pickle.dumps(checkpoint)))
    return shared


def broadcast(strategy: tf.distribute.Strategy, content: bytes) -> bytes:
    """Return the first worker's bytes on every worker; the bytes that others pass are ignored.

    All workers must call it at the same point.
    """
    share = tf.function(_first_replica)

    def shared(part: bytes) -> bytes:
        values = tf.constant(np.frombuffer(part, "<u4"), tf.float64)
        reduced = strategy.experimental_local_results(strategy.run(share, args=(values,)))[0]
        return bytes(reduced.numpy().astype("<u4").tobytes())

    length = int.from_bytes(shared(len(content).to_bytes(8, "little")), "little")
    # Give all chunks one size, so that the operation is traced once.
    starts = range(0, length, CHUNK_BYTES)
    chunks = (content[start : start + CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0") for start in starts)
    return b"".join(map(shared, chunks))[:length]


def _first_replica(values: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    # One replica of the chief, which is the first worker, is enough.
    mine = tf.where(tf.equal(context.replica_id_in_sync_group, 0), values, tf.zeros_like(values))
    return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)
