"""Random numbers that are pure functions of a seed and a position.

Nothing here keeps a state, so a resumed run, or one spread over several replicas, draws what the
uninterrupted run on one replica draws.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

_GOLDEN = 0x9E3779B97F4A7C15
_MULTIPLIERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_MASK = (1 << 64) - 1


def stream_key(*parts: int) -> int:
    """A 64-bit key that names an independent stream of draws, such as (seed, split)."""
    key = 0
    for part in parts:
        key = (key ^ (part & _MASK)) + _GOLDEN & _MASK
        for shift, multiplier in _MULTIPLIERS:
            key = (key ^ (key >> shift)) * multiplier & _MASK
        key ^= key >> 31
    return key


def uniforms(key: int, positions: tf.Tensor, count: int) -> tf.Tensor:
    """Independent uniform numbers for every position, the same whatever batch the position comes in.

    `tf.random.stateless_uniform` takes one seed for a whole tensor, so its draws would depend on how
    positions are batched; this is the counter-based generator SplitMix64 (Steele et al., OOPSLA 2014).

    Args:
        key: names the stream, see `stream_key`.
        positions: int64 [n], at least 0.
        count: draws wanted for each position.

    Returns:
        float32 [n, count] in [0, 1), multiples of 2**-24.
    """
    import tensorflow as tf

    columns = tf.constant([i + 1 for i in range(count)], tf.uint64)
    counter = tf.cast(positions, tf.uint64)[:, None] * tf.constant(count, tf.uint64) + columns
    bits = counter * tf.constant(_GOLDEN, tf.uint64) + tf.constant(key, tf.uint64)
    for shift, multiplier in _MULTIPLIERS:
        shifted = tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint64))
        bits = tf.bitwise.bitwise_xor(bits, shifted) * tf.constant(multiplier, tf.uint64)
    bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(31, tf.uint64)))
    top = tf.bitwise.right_shift(bits, tf.constant(40, tf.uint64))
    return tf.cast(tf.cast(top, tf.int32), tf.float32) * 2.0**-24


def normals(key: int, positions: tf.Tensor, count: int) -> tf.Tensor:
    """Independent standard normal numbers for every position, from `uniforms` by Box and Muller's transform.

    Args:
        key: names the stream, see `stream_key`.
        positions: int64 [n], at least 0.
        count: draws wanted for each position.

    Returns:
        float32 [n, count].
    """
    import tensorflow as tf

    half = -(-count // 2)
    # In double precision, because a function's last bits depend on its place in a vector register, and with them a
    # picture's draws would depend on the batch. 1 - u is never 0, whose logarithm is not finite.
    first, second = tf.split(tf.cast(uniforms(key, positions, 2 * half), tf.float64), 2, axis=1)
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - first))
    angle = 2.0 * math.pi * second
    return tf.cast(tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)[:, :count], tf.float32)


def shuffled(positions: tf.Tensor, count: int | tf.Tensor, seed: int) -> tf.Tensor:
    """Examples that a training run sees at global positions: every epoch is a new permutation.

    Args:
        positions: int64 [n], position p lies in epoch p // count.
        count: number of examples in an epoch, an int or int64 [].
        seed: seed of the run.

    Returns:
        int64 [n] in 0..count-1.
    """
    import tensorflow as tf

    epochs = positions // count
    key = stream_key(seed)
    halves = tf.constant([[key >> 32, key & 0xFFFFFFFF]], tf.int64)
    # The raw operation, because tf.random.experimental.index_shuffle takes one seed for all positions
    # only, and a batch may lie in two epochs.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % count,
        seed=tf.concat([tf.repeat(halves, tf.size(positions), axis=0), epochs[:, None]], axis=1),
        max_index=tf.cast(count - 1, tf.int64),
        rounds=4,
    )
