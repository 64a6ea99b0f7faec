"""A transposed convolution and a sub-pixel convolution as one linear map: the two kernels of it.

For k odd, K = k * r, stride r and padding `"same"`, borders included,

    transposed[i*rh + a, j*rw + b, co, ci] = subpixel[kh-1-i, kw-1-j, ci, (a*rw + b)*C + co]

so each kernel is a permutation of the other, and the bias (one entry per output channel) is the same.
"""

from typing import Any

import numpy as np

from zoo.upsampling.arguments import Scale, pair

Kernel = np.ndarray[Any, np.dtype[Any]]


def transpose_to_subpixel(kernel: Kernel, scale: Scale) -> Kernel:
    """The `SubpixelConv2D` kernel of a `Conv2DTranspose` kernel, both with `padding="same"`.

    Example:

    >>> transpose_to_subpixel(np.zeros((9, 9, 1, 56)), scale=3).shape
    (3, 3, 56, 9)

    Args:
        kernel: `[kh*rh, kw*rw, C, input channels]`, kh and kw odd; any dtype, which is kept.
        scale: int or pair (rh, rw), the strides.

    Output shape:
        `[kh, kw, input channels, rh*rw*C]`

    Raises:
        ValueError: the kernel's size is no odd multiple of the scale, or it has not four dimensions.

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    tall, wide, filters, channels = _dimensions(kernel)
    kh, kw = _odd_quotient(tall, rh), _odd_quotient(wide, rw)
    phases = np.reshape(kernel, (kh, rh, kw, rw, filters, channels))[::-1, :, ::-1]
    return phases.transpose(0, 2, 5, 1, 3, 4).reshape(kh, kw, channels, rh * rw * filters)


def subpixel_to_transpose(kernel: Kernel, scale: Scale) -> Kernel:
    """The `Conv2DTranspose` kernel of a `SubpixelConv2D` kernel, both with `padding="same"`.

    Example:

    >>> subpixel_to_transpose(np.zeros((3, 3, 56, 9)), scale=3).shape
    (9, 9, 1, 56)

    Args:
        kernel: `[kh, kw, input channels, rh*rw*C]`, kh and kw odd; any dtype, which is kept.
        scale: int or pair (rh, rw).

    Output shape:
        `[kh*rh, kw*rw, C, input channels]`

    Raises:
        ValueError: the kernel's size is even, its channels are no multiple of rh*rw, or it has not four
            dimensions.

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    kh, kw, channels, outputs = _dimensions(kernel)
    kh, kw = _odd_quotient(kh, 1), _odd_quotient(kw, 1)
    if outputs % (rh * rw):
        raise ValueError(
            f"A sub-pixel kernel of scale {(rh, rw)} makes a multiple of {rh * rw} channels. "
            f"Received: shape {np.shape(kernel)}"
        )
    filters = outputs // (rh * rw)
    phases = np.reshape(kernel, (kh, kw, channels, rh, rw, filters))[::-1, ::-1]
    return phases.transpose(0, 3, 1, 4, 5, 2).reshape(kh * rh, kw * rw, filters, channels)


def _dimensions(kernel: Kernel) -> tuple[int, int, int, int]:
    if np.ndim(kernel) != 4:
        raise ValueError(f"A convolution kernel has four dimensions. Received: shape {np.shape(kernel)}")
    height, width, third, fourth = np.shape(kernel)
    return height, width, third, fourth


def _odd_quotient(size: int, scale: int) -> int:
    taps, rest = divmod(size, scale)
    if rest or taps % 2 == 0:
        raise ValueError(
            f"Only an odd number of taps per phase maps onto padding 'same': the kernel's size must be "
            f"{scale}, {3 * scale}, {5 * scale}, ... for scale {scale}. Received: size {size}"
        )
    return taps
