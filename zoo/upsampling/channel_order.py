"""Reorder the output channels of a convolution between the shuffles of PyTorch and of TensorFlow.

Both shuffles make rh*rw pixels of C channels from one pixel. PyTorch's `PixelShuffle` takes pixel (a, b) of channel c
from channel `(c*rh + a)*rw + b`, and `tf.nn.depth_to_space` takes it from channel `(a*rw + b)*C + c`. For C = 1 both
are the same.
"""

import math

import numpy as np

from zoo.arrays import Array
from zoo.upsampling.arguments import Pair, Scale, pair


def pixel_shuffle_to_depth_to_space(kernel: Array, scale: Scale) -> Array:
    """Return the kernel or the bias of a convolution before `depth_to_space` that was one before PyTorch's shuffle.

    With it, weights of networks that were trained in PyTorch, such as EDSR, ESPCN or SPAN, can be used in
    `SubpixelConv2D`, and in `Conv2D` followed by `depth_to_space`.

    Example, for a `torch.nn.Conv2d` and the layer `SubpixelConv2D(3, 3, scale=2, phase_bias=True)`:

    >>> kernel = np.transpose(conv.weight.detach().numpy(), (2, 3, 1, 0))
    >>> weights = [kernel, conv.bias.detach().numpy()]
    >>> layer.set_weights([pixel_shuffle_to_depth_to_space(each, scale=2) for each in weights])

    Args:
        kernel: `[..., C*rh*rw]`, output channels last as Keras has them (PyTorch has them first); any dtype.
        scale: int or pair (rh, rw).

    Returns:
        An array of the same shape and dtype.

    Raises:
        ValueError: the last dimension is no multiple of rh*rw.
    """
    factors = _checked(kernel, scale)
    phases = np.reshape(kernel, (*np.shape(kernel)[:-1], -1, math.prod(factors)))
    return np.swapaxes(phases, -1, -2).reshape(np.shape(kernel))


def depth_to_space_to_pixel_shuffle(kernel: Array, scale: Scale) -> Array:
    """Return the kernel or the bias of a convolution before PyTorch's shuffle that was one before `depth_to_space`.

    This inverts `pixel_shuffle_to_depth_to_space`.

    Args:
        kernel: `[..., rh*rw*C]`, output channels last as Keras has them; any dtype.
        scale: int or pair (rh, rw).

    Returns:
        An array of the same shape and dtype.

    Raises:
        ValueError: the last dimension is no multiple of rh*rw.
    """
    factors = _checked(kernel, scale)
    phases = np.reshape(kernel, (*np.shape(kernel)[:-1], math.prod(factors), -1))
    return np.swapaxes(phases, -1, -2).reshape(np.shape(kernel))


def _checked(kernel: Array, scale: Scale) -> Pair:
    rh, rw = pair(scale, "scale")
    shape = np.shape(kernel)
    if not shape or shape[-1] % (rh * rw) or 0 in shape:
        raise ValueError(
            f"The last dimension must be a multiple of {rh} * {rw} = {rh * rw}, the output channels of a convolution "
            f"before a shuffle of scale {(rh, rw)}; PyTorch's kernels have them first. Received: shape {shape}"
        )
    return rh, rw
