"""Shuffle channels into space: r*r channels of one place become r*r places of one channel."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from zoo.upsampling.arguments import Scale, layout, pair
from zoo.upsampling.layouts import from_channels_last, sizes, to_channels_last

# On a CPU tf.nn.depth_to_space and its gradient run on one thread, which is slow for few output channels. A
# transposition of the same numbers runs on all threads. From about this number of channels on, both take the same time.
# benchmarks/layers.py measures both, with rows on either side of this number.
_DEPTH_TO_SPACE_FROM = 32
_is_for_cpus: ContextVar[bool] = ContextVar("_is_for_cpus", default=False)


@contextmanager
def shuffles_for_cpus() -> Iterator[None]:
    """Let graphs that are traced in this block hold the form of the shuffle that is faster on CPUs.

    It is for graphs that run in TensorFlow on a CPU; `zoo.export` replaces it by `tf.nn.depth_to_space`.
    """
    before = _is_for_cpus.set(True)
    try:
        yield
    finally:
        _is_for_cpus.reset(before)


def periodic_shuffle(x: Any, scale: Scale, data_format: str | None = None, *, training: bool | None = None) -> Any:
    """Rearrange channels into space, in the order of `tf.nn.depth_to_space`.

    Phase (a, b) of output channel c comes from input channel `(a * rw + b) * C + c`.

    A graph for inference, which may be exported, holds `tf.nn.depth_to_space` itself, which every runtime, converter
    and accelerator knows. Training, and calls outside of graphs, run a transposition with the same result where that is
    faster on CPUs. For different factors along rows and columns there is no such operation, only the transposition.

    Example:

    >>> x = tf.reshape(tf.range(8.0), (1, 1, 2, 4))
    >>> tf.squeeze(periodic_shuffle(x, 2)).numpy()
    array([[0., 1., 4., 5.],
           [2., 3., 6., 7.]], dtype=float32)

    Args:
        x: a tensor with a known number of channels.
        scale: int or pair (rh, rw).
        data_format: `"channels_last"` or `"channels_first"`; None is the layout that Keras is configured to use.
        training: whether the call is part of a training step, as Keras passes it to layers.

    Input shape:
        `(batch, height, width, rh * rw * C)`, or with the channels second.

    Output shape:
        `(batch, rh * height, rw * width, C)`, or with the channels second.

    Raises:
        ValueError: `x` does not have four dimensions, or its channels are unknown or no multiple of rh * rw.

    Reference:
        Shi et al., 2016, equation 4, https://arxiv.org/abs/1609.05158
    """
    rh, rw = pair(scale, "scale")
    data_format = layout(data_format)
    x = tf.convert_to_tensor(x)
    if x.shape.rank != 4:
        raise ValueError(f"periodic_shuffle takes a tensor of four dimensions. Received: shape {x.shape}")
    x = to_channels_last(x, data_format)
    if x.shape[-1] is None or x.shape[-1] % (rh * rw):
        raise ValueError(
            f"The number of channels must be a multiple of {rh} * {rw} = {rh * rw} for scale={(rh, rw)}. "
            f"Received: {x.shape[-1]} channels"
        )
    for_cpus = training or tf.executing_eagerly() or _is_for_cpus.get()
    return from_channels_last(_shuffle(x, rh, rw, for_cpus=for_cpus), data_format)


def _shuffle(x: Any, rh: int, rw: int, *, for_cpus: bool) -> Any:
    if rh == rw == 1:
        return x
    channels = x.shape[-1] // (rh * rw)
    if rh == rw and not (for_cpus and channels < _DEPTH_TO_SPACE_FROM):
        return tf.nn.depth_to_space(x, rh)
    batch, height, width, _ = sizes(x)
    # The rw * channels values of a row of an output phase are contiguous already.
    if rh > 1:
        x = tf.reshape(x, [batch, height, width, rh, rw * channels])
        x = tf.transpose(x, [0, 1, 3, 2, 4])
    return tf.reshape(x, [batch, height * rh, width * rw, channels])
