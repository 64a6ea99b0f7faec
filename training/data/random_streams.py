"""Draw random numbers as pure functions of a seed, a stream and a position.

No state is kept, so a resumed run, or one spread over several replicas, draws the same numbers as an uninterrupted
run on one replica.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

_GOLDEN = 0x9E3779B97F4A7C15
_MULTIPLIERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_MASK = (1 << 64) - 1


class Stream(IntEnum):
    """Name every independent stream of draws of a training; the key of a stream is `stream_key(seed, stream)`.

    The numbers are part of the results: with another number a training of the same seed draws other values, so they
    never change. `shuffled` takes the key `stream_key(seed)` for the order of examples.
    """

    FLIP = 1
    """Draws that decide which pictures are mirrored."""
    PATCHES = 2
    """Pictures, places and orientations of super-resolution's patches."""
    FILES = 2
    """Order of the record files of a streamed set. It is an alias of `PATCHES`, which is harmless: patches are cut
    from pictures in memory, so no training draws from both, and `shuffled` hashes this key once more."""
    RECORDS = 3
    """Order of the records in a block of a streamed set."""
    PHOTO = 4
    """Order and strength of the steps that degrade each picture under `photo`."""
    PHOTO_NOISE = 5
    """Noise of a picture before it is reduced."""
    PHOTO_REDUCED_NOISE = 6
    """Noise of a reduced picture."""
    SHIFT = 7
    """Distances by which pictures are moved."""
    CONTRAST = 8
    """Maps of grey levels of super-resolution's patches."""

    BINARISATION = 11
    """Thresholds at which a variational autoencoder's pictures become 0 or 1."""
    POSTERIOR_NOISE = 12
    """Noise of the latents that a variational autoencoder decodes."""
    PRIOR_SAMPLES = 13
    """Fixed latents of the samples in a variational autoencoder's pictures and spectrum."""

    GENERATOR_LATENTS = 21
    """Latents that a generator trains on; `stream_key` takes the turn within a step as a third part."""
    FIXED_LATENTS = 22
    """Latents, always the same, that a generator is evaluated on."""


class GlyphStream(IntEnum):
    """Name the streams of the parts of the source glyphs, whose keys are `stream_key(stream, seed)`.

    Unlike all others, these keys begin with the stream, and they stay so because the pictures follow from them. Keys
    are shared in one case only, training pictures of a seed that is a number of `Stream` and evaluation draws of seed
    0. That is harmless: nothing compares the shape of a training picture with a draw of the evaluation.
    """

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


def stream_key(*parts: int) -> int:
    """Return the 64-bit key of an independent stream of draws, from parts such as (seed, stream)."""
    key = 0
    for part in parts:
        key = (key ^ (part & _MASK)) + _GOLDEN & _MASK
        for shift, multiplier in _MULTIPLIERS:
            key = (key ^ (key >> shift)) * multiplier & _MASK
        key ^= key >> 31
    return key


def uniforms(key: int, positions: tf.Tensor, count: int) -> tf.Tensor:
    """Return independent uniform numbers for every position, which do not depend on how positions are batched.

    `tf.random.stateless_uniform` takes one seed for a whole tensor, so its draws would depend on the batch. This is
    the counter-based generator SplitMix64 (Steele et al., OOPSLA 2014).

    Args:
        key: names the stream, see `stream_key`.
        positions: int64 [n], at least 0.
        count: number of draws for each position.

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
    """Return independent standard normal numbers for every position, by Box and Muller's transform of `uniforms`.

    Args:
        key: names the stream, see `stream_key`.
        positions: int64 [n], at least 0.
        count: number of draws for each position.

    Returns:
        float32 [n, count].
    """
    import tensorflow as tf

    half = -(-count // 2)
    # Compute in double precision: the last bits of a function depend on the place in a vector register, so in single
    # precision a picture's draws would depend on the batch. 1 - u is never 0, so that the logarithm is finite.
    first, second = tf.split(tf.cast(uniforms(key, positions, 2 * half), tf.float64), 2, axis=1)
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - first))
    angle = 2.0 * math.pi * second
    return tf.cast(tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)[:, :count], tf.float32)


def shuffled(positions: tf.Tensor, count: int | tf.Tensor, seed: int) -> tf.Tensor:
    """Return the examples that a training sees at global positions: every epoch is a new permutation.

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
    # A batch may lie in two epochs, so each position needs its own seed. tf.random.experimental.index_shuffle takes
    # one seed for all positions; the raw operation takes one per position.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % count,
        seed=tf.concat([tf.repeat(halves, tf.size(positions), axis=0), epochs[:, None]], axis=1),
        max_index=tf.cast(count - 1, tf.int64),
        rounds=4,
    )
