"""What the chief read, given to the other workers of a cluster: only the chief's folders count."""

import pickle

import numpy as np
import tensorflow as tf

from training.runs.checkpoint import Checkpoint

# In one collective operation; every 4 bytes travel as a float64, which holds them exactly.
CHUNK_BYTES = 4 << 20


def chiefs_checkpoint(strategy: tf.distribute.Strategy, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint that the chief goes on from, on every worker, bit for bit; the others give None."""
    # Not a file, so pickle will do: it comes from a peer whose operations this worker runs anyway.
    shared: Checkpoint | None = pickle.loads(broadcast(strategy, pickle.dumps(checkpoint)))
    return shared


def broadcast(strategy: tf.distribute.Strategy, content: bytes) -> bytes:
    """The first worker's bytes on every worker; what the others give does not count.

    All workers must call it at the same point.
    """
    share = tf.function(_first_replica)

    def shared(part: bytes) -> bytes:
        values = tf.constant(np.frombuffer(part, "<u4"), tf.float64)
        reduced = strategy.experimental_local_results(strategy.run(share, args=(values,)))[0]
        return bytes(reduced.numpy().astype("<u4").tobytes())

    length = int.from_bytes(shared(len(content).to_bytes(8, "little")), "little")
    # All chunks have one size, so that the operation is traced once.
    starts = range(0, length, CHUNK_BYTES)
    chunks = (content[start : start + CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0") for start in starts)
    return b"".join(map(shared, chunks))[:length]


def _first_replica(values: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    # The chief is the first worker; of its replicas one is enough.
    mine = tf.where(tf.equal(context.replica_id_in_sync_group, 0), values, tf.zeros_like(values))
    return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)
