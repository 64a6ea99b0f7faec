"""Find calls that together do what `tf.nn.depth_to_space` or PyTorch's `PixelShuffle` does."""

from dataclasses import dataclass

import numpy as np
from keras import ops

from zoo.arrays import Array
from zoo.convert.graph import Call, Graph
from zoo.convert.pointwise import CannotConvertError
from zoo.convert.trials import trial_numbers
from zoo.upsampling import periodic_shuffle, pixel_shuffle_to_depth_to_space
from zoo.upsampling.arguments import Pair

# A layer with a larger factor is not taken for a shuffle, because trying it could need much memory.
_LARGEST_SCALE = 16

MOVING_OPERATIONS = ("ExpandDims", "Moveaxis", "Reshape", "Squeeze", "Swapaxes", "Transpose")
"""Names of the classes of `keras.ops` that only move numbers, of which a shuffle can be composed."""

_MOVES = (*MOVING_OPERATIONS, "Permute")
# A transposition before and one after the three operations that shuffle, each with a change of shape.
_MOST_MOVES = 8


@dataclass(frozen=True)
class Shuffle:
    """Hold calls that together are a shuffle.

    Attributes:
        calls: in order.
        scale: its factors.
        data_format: `"channels_last"` or `"channels_first"`.
        channels_outermost: the channels have PyTorch's order (C, r, r), and not TensorFlow's (r, r, C).
    """

    calls: tuple[Call, ...]
    scale: Pair
    data_format: str
    channels_outermost: bool

    def reordered(self, weights: Array) -> Array:
        """Return a convolution's kernel or bias in the order in which TensorFlow's shuffle takes its channels."""
        return pixel_shuffle_to_depth_to_space(weights, self.scale) if self.channels_outermost else weights


def shuffle_ending_at(graph: Graph, call: Call) -> Shuffle | None:
    """Return the shuffle whose last call is given; None if there is none, or if a longer one holds it.

    A layer, Lambda or operation, or several of Keras's own that reshape and transpose one after the other, are tried on
    numbers: they must move each number to the place to which the shuffle moves it.

    Raises:
        CannotConvertError: the call may be a shuffle, but the sizes to try it on are not known.
    """
    found = _longest(graph, call)
    # A transposition of a whole shuffle's output may belong to a shuffle in the other data format.
    after = call
    while found and (follower := graph.only_consumer(after.outputs[0])) and _moves(follower):
        longer = _longest(graph, follower)
        if longer and len(longer.calls) > len(found.calls) and call in longer.calls:
            return None
        after = follower
    return found


def _longest(graph: Graph, call: Call) -> Shuffle | None:
    chain: tuple[Call, ...] = (call,)
    found = _tried(chain)
    while _moves(chain[0]) and len(chain) < _MOST_MOVES:
        producer = graph.producer(chain[0].inputs[0])
        if producer is None or not _moves(producer):
            break
        chain = (producer, *chain)
        found = _tried(chain) or found
    return found


def _moves(call: Call) -> bool:
    kind = type(call.operation)
    return call.plain and kind.__module__.startswith("keras.") and kind.__name__ in _MOVES


def _tried(calls: tuple[Call, ...]) -> Shuffle | None:
    """Return the shuffle that calls are together, or None."""
    taken, made = calls[0].inputs[0], calls[-1].outputs[0]
    sizes = [taken.shape, made.shape]
    if not all(call.plain and len(call.outputs) == 1 for call in calls) or [len(shape) for shape in sizes] != [4, 4]:
        return None
    if any(getattr(call.operation, "variables", []) for call in calls):
        return None
    (batch, *small), (out_batch, *large) = sizes
    if None in (*sizes[0], *sizes[1]):
        if any(small[axis] and large[axis] and small[axis] > large[axis] for axis in (0, 2)):
            raise CannotConvertError("the sizes that it is called on are not known")
        return None
    for data_format, (vertical, horizontal, channels) in (("channels_last", (0, 1, 2)), ("channels_first", (1, 2, 0))):
        rh, rest_h = divmod(large[vertical], small[vertical])
        rw, rest_w = divmod(large[horizontal], small[horizontal])
        is_scale = not rest_h and not rest_w and 1 < rh * rw <= _LARGEST_SCALE**2 and batch == out_batch
        if is_scale and small[channels] == large[channels] * rh * rw:
            for channels_outermost in (False, True):
                shuffle = Shuffle(calls, (rh, rw), data_format, channels_outermost)
                if _does(shuffle, sizes[0], taken.dtype):
                    return shuffle
    return None


def _does(shuffle: Shuffle, shape: tuple[int, ...], dtype: str) -> bool:
    """Return whether a shuffle's calls move numbers as it says."""
    channel_axis = -1 if shuffle.data_format == "channels_last" else 1
    for numbers in trial_numbers(shape):
        y = ops.cast(numbers, dtype)
        for call in shuffle.calls:
            y = call.operation(y)
        # A convolution that makes channels in the shuffle's order is one that makes them in TensorFlow's order.
        ordered = np.moveaxis(shuffle.reordered(np.moveaxis(numbers, channel_axis, -1)), -1, channel_axis)
        if not np.array_equal(y, periodic_shuffle(ops.cast(ordered, dtype), shuffle.scale, shuffle.data_format)):
            return False
    return True
