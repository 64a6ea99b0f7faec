"""A transposed convolution and a sub-pixel convolution as one linear map: the two kernels of it.

For K = k * r and stride r

    transposed[i*rh + a, j*rw + b, co, ci] = subpixel[kh-1-i, kw-1-j, ci, (a*rw + b)*C + co]

so each kernel is a permutation of the other, and the bias (one entry per output channel) is the same. A K that does
not divide by r is filled up with zeros to k = ceil(K / r) taps. For k odd, K = k * r and padding `"same"` this is
all; elsewhere zeros go around the input and pixels off the output, as the frame that comes with the kernel says.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from zoo.upsampling.arguments import Pair, Scale, one_of, pair
from zoo.upsampling.frames import (
    NOTHING,
    Sides,
    SubpixelFrame,
    TransposeFrame,
    checked_sides,
    subpixel_frame,
    transpose_frame,
)

Kernel = np.ndarray[Any, np.dtype[Any]]


class _FramedKernel(np.ndarray[Any, np.dtype[Any]]):
    frame: Any

    @classmethod
    def of(cls, kernel: Kernel, frame: SubpixelFrame | TransposeFrame) -> Self:
        """The same numbers, with a frame."""
        framed = np.ascontiguousarray(kernel).view(cls)
        framed.frame = frame
        return framed

    def __array_finalize__(self, origin: Any) -> None:
        # A copy or a cast of a kernel keeps its frame; a part of it has none.
        self.frame = getattr(origin, "frame", None) if np.shape(origin) == self.shape else None


class SubpixelKernel(_FramedKernel):
    """An array, the kernel of a `SubpixelConv2D`, with the padding and the crop that go with it.

    Attributes:
        frame: a `SubpixelFrame`.
    """

    frame: SubpixelFrame


class TransposeKernel(_FramedKernel):
    """An array, the kernel of a `Conv2DTranspose`, with the padding and the crop that go with it.

    Attributes:
        frame: a `TransposeFrame`.
    """

    frame: TransposeFrame


def transpose_to_subpixel(
    kernel: Kernel, scale: Scale, padding: str = "same", output_padding: int | Sequence[int] | None = None
) -> SubpixelKernel:
    """The `SubpixelConv2D` kernel of a `Conv2DTranspose` kernel.

    Examples:

    >>> transpose_to_subpixel(np.zeros((9, 9, 1, 56)), scale=3).frame
    SubpixelFrame(padding='same', crop=((0, 0), (0, 0)))
    >>> kernel = transpose_to_subpixel(np.zeros((4, 4, 3, 64)), scale=2)
    >>> kernel.shape, kernel.frame
    ((2, 2, 64, 12), SubpixelFrame(padding=((1, 1), (1, 1)), crop=((1, 1), (1, 1))))

    Args:
        kernel: `[Kh, Kw, C, input channels]`; any dtype, which is kept.
        scale: int or pair (rh, rw), the strides.
        padding: `"same"` or `"valid"`, of the transposed convolution.
        output_padding: int, pair or None, of the transposed convolution.

    Returns:
        An array `[ceil(Kh/rh), ceil(Kw/rw), input channels, rh*rw*C]`, whose `frame` says what goes around the
        convolution, for inputs of any height and width. Of all such frames it is the one with the fewest places to
        convolve, then the smallest crop; where rh and rw divide the kernel's size no tap is added.

    Raises:
        ValueError: the kernel has not four dimensions, an argument is out of range, or TensorFlow cannot run the
            transposed convolution (an even size, `"same"` and an output padding of 0).

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    tall, wide, filters, channels = _dimensions(kernel)
    padding = one_of(padding, "padding", ("same", "valid"))
    wanted = TransposeFrame(padding, _output_padding(output_padding))
    frame, (kh, kw), (above, left) = subpixel_frame((tall, wide), (rh, rw), wanted)
    filled = np.zeros((kh * rh, kw * rw, filters, channels), np.asarray(kernel).dtype)
    filled[above : above + tall, left : left + wide] = kernel
    phases = filled.reshape(kh, rh, kw, rw, filters, channels)[::-1, :, ::-1]
    subpixel = phases.transpose(0, 2, 5, 1, 3, 4).reshape(kh, kw, channels, rh * rw * filters)
    return SubpixelKernel.of(subpixel, frame)


def subpixel_to_transpose(
    kernel: Kernel,
    scale: Scale,
    padding: str | Sides = "same",
    crop: Sides = NOTHING,
    kernel_size: Scale | None = None,
) -> TransposeKernel:
    """The `Conv2DTranspose` kernel of a `SubpixelConv2D` kernel.

    The inverse of `transpose_to_subpixel`, given that kernel's frame and, where it did not fill its taps, its size.

    Examples:

    >>> subpixel_to_transpose(np.zeros((3, 3, 56, 9)), scale=3).frame
    TransposeFrame(padding='same', output_padding=None, crop=((0, 0), (0, 0)))
    >>> kernel = subpixel_to_transpose(np.zeros((2, 2, 64, 12)), scale=2)
    >>> kernel.shape, kernel.frame
    ((4, 4, 3, 64), TransposeFrame(padding='valid', output_padding=None, crop=((2, 0), (2, 0))))

    Args:
        kernel: `[kh, kw, input channels, rh*rw*C]`; any dtype, which is kept.
        scale: int or pair (rh, rw).
        padding: `"same"` or `"valid"`, of the sub-pixel convolution; or the zeros ((above, below), (left, right)) that
            go around its input, at most k - 1 on a side, before a `"valid"` one.
        crop: pixels ((above, below), (left, right)) that are taken off its output.
        kernel_size: int or pair, of the transposed convolution. None is (kh*rh, kw*rw).

    Returns:
        An array `[Kh, Kw, C, input channels]`, whose `frame` says what the transposed convolution is told and what is
        taken off its output, for inputs of any height and width. Nothing is taken off where a padding of
        `Conv2DTranspose` says the same.

    Raises:
        ValueError: the kernel has not four dimensions, its channels are no multiple of rh*rw, an argument is out of
            range, or no transposed convolution of that size is equal.

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    kh, kw, channels, outputs = _dimensions(kernel)
    if outputs % (rh * rw):
        raise ValueError(
            f"A sub-pixel kernel of scale {(rh, rw)} makes a multiple of {rh * rw} channels. "
            f"Received: shape {np.shape(kernel)}"
        )
    filters = outputs // (rh * rw)
    full = kh * rh, kw * rw
    tall, wide = full if kernel_size is None else pair(kernel_size, "kernel_size")
    if isinstance(padding, str):
        around: str | Sides = NOTHING if one_of(padding, "padding", ("same", "valid")) == "valid" else "same"
    else:
        around = checked_sides(padding, "padding")
    given = SubpixelFrame(around, checked_sides(crop, "crop"))
    found = transpose_frame((kh, kw), (rh, rw), given, (tall, wide))
    phases = np.reshape(kernel, (kh, kw, channels, rh, rw, filters))[::-1, ::-1]
    transposed = phases.transpose(0, 3, 1, 4, 5, 2).reshape(*full, filters, channels)
    if found:
        frame, (above, left) = found
        inside = np.s_[above : above + tall, left : left + wide]
        if np.count_nonzero(transposed) == np.count_nonzero(transposed[inside]):
            return TransposeKernel.of(transposed[inside], frame)
    raise ValueError(
        f"No transposed convolution of kernel_size={(tall, wide)} and stride {(rh, rw)} equals a sub-pixel convolution "
        f"with a kernel of shape {np.shape(kernel)}, padding={padding!r} and crop={crop!r}; "
        f"leave kernel_size out for {full}, and pad at most {(kh - 1, kw - 1)} on a side"
    )


def _dimensions(kernel: Kernel) -> tuple[int, int, int, int]:
    if np.ndim(kernel) != 4 or 0 in np.shape(kernel):
        raise ValueError(
            f"A convolution kernel has four dimensions, none of them 0. Received: shape {np.shape(kernel)}"
        )
    height, width, third, fourth = np.shape(kernel)
    return height, width, third, fourth


def _output_padding(value: int | Sequence[int] | None) -> Pair | None:
    if value is None:
        return None
    try:
        vertical, horizontal = (value, value) if isinstance(value, int) else value
        return int(vertical), int(horizontal)
    except (TypeError, ValueError):
        raise ValueError(
            f"`output_padding` must be an integer, a pair of them or None. Received: output_padding={value!r}"
        ) from None
