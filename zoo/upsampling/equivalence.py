"""Map the kernel of a transposed convolution to that of the equal sub-pixel convolution, and back.

For K = k * r and stride r

    transposed[i*rh + a, j*rw + b, co, ci] = subpixel[kh-1-i, kw-1-j, ci, (a*rw + b)*C + co]

so each kernel is a permutation of the other, and the bias (one entry per output channel) is the same. A K that does
not divide by r is filled up with zeros to k = ceil(K / r) taps. For k odd, K = k * r and padding `"same"` this is
all. In every other case the input is padded with zeros and the output is cropped; the frame that is returned with the
kernel says by how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from zoo.arrays import Array
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

Frame = TypeVar("Frame", SubpixelFrame, TransposeFrame)


@dataclass(frozen=True, eq=False)
class FramedKernel(NDArrayOperatorsMixin, Generic[Frame]):
    """Hold the kernel of a convolution and its frame: the padding before the convolution and the crop after it.

    It can be used in place of the array: NumPy, Keras and TensorFlow convert it, and attributes that are not listed
    here, such as `shape`, are those of the array.

    Attributes:
        kernel: the array.
        frame: a `SubpixelFrame` or a `TransposeFrame`.
    """

    kernel: Array
    frame: Frame

    def astype(self, dtype: Any) -> "FramedKernel[Frame]":
        """Return the same kernel in another dtype, in the same frame."""
        return FramedKernel(self.kernel.astype(dtype), self.frame)

    def copy(self) -> "FramedKernel[Frame]":
        """Return a copy of the kernel in the same frame."""
        return FramedKernel(self.kernel.copy(), self.frame)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.kernel, dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [value.kernel if isinstance(value, FramedKernel) else value for value in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __getitem__(self, place: Any) -> Any:
        return self.kernel[place]

    def __len__(self) -> int:
        return len(self.kernel)

    def __getattr__(self, name: str) -> Any:
        # Python looks for special methods before a copy has a kernel to ask.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.kernel, name)


SubpixelKernel = FramedKernel[SubpixelFrame]
"""The kernel of a `SubpixelConv2D` with the padding and the crop that go with it."""

TransposeKernel = FramedKernel[TransposeFrame]
"""The kernel of a `Conv2DTranspose` with the padding and the crop that go with it."""


def transpose_to_subpixel(
    kernel: Array,
    scale: Scale,
    padding: str = "same",
    output_padding: int | Sequence[int] | None = None,
    crop: Sides = NOTHING,
) -> SubpixelKernel:
    """Return the `SubpixelConv2D` kernel that is equal to a `Conv2DTranspose` kernel.

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
        crop: pixels ((above, below), (left, right)) that are cropped from its output.

    Returns:
        The kernel `[ceil(Kh/rh), ceil(Kw/rw), input channels, rh*rw*C]`, an array with a `frame`: the padding and the
        crop that go around the convolution, for inputs of any height and width. Of all frames that are equal, this one
        has the fewest places to convolve, then the smallest crop; if rh and rw divide the kernel's size, no tap is
        added.

    Raises:
        ValueError: the kernel does not have four dimensions, an argument is out of range, or TensorFlow cannot run the
            transposed convolution (an even size, `"same"` and an output padding of 0).

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    tall, wide, filters, channels = kernel_dimensions(kernel)
    padding = one_of(padding, "padding", ("same", "valid"))
    wanted = TransposeFrame(padding, _output_padding(output_padding), checked_sides(crop, "crop"))
    frame, (kh, kw), (above, left) = subpixel_frame((tall, wide), (rh, rw), wanted)
    filled = np.zeros((kh * rh, kw * rw, filters, channels), np.asarray(kernel).dtype)
    filled[above : above + tall, left : left + wide] = kernel
    phases = filled.reshape(kh, rh, kw, rw, filters, channels)[::-1, :, ::-1]
    subpixel = phases.transpose(0, 2, 5, 1, 3, 4).reshape(kh, kw, channels, rh * rw * filters)
    return FramedKernel(np.ascontiguousarray(subpixel), frame)


def subpixel_to_transpose(
    kernel: Array,
    scale: Scale,
    padding: str | Sides = "same",
    crop: Sides = NOTHING,
    kernel_size: Scale | None = None,
) -> TransposeKernel:
    """Return the `Conv2DTranspose` kernel that is equal to a `SubpixelConv2D` kernel.

    This inverts `transpose_to_subpixel`, given the frame that it returned and, if the transposed kernel did not fill
    its taps, that kernel's size.

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
            are put around its input, at most k - 1 on a side, before a `"valid"` one.
        crop: pixels ((above, below), (left, right)) that are cropped from its output.
        kernel_size: int or pair, of the transposed convolution. None is (kh*rh, kw*rw).

    Returns:
        The kernel `[Kh, Kw, C, input channels]`, an array with a `frame`: the padding arguments of the transposed
        convolution and the crop of its output, for inputs of any height and width. Nothing is cropped if a padding of
        `Conv2DTranspose` has the same effect.

    Raises:
        ValueError: the kernel does not have four dimensions, its channels are no multiple of rh*rw, an argument is out
            of range, or no transposed convolution of that size is equal.

    Reference:
        Shi et al., 2016, https://arxiv.org/abs/1609.07009
    """
    rh, rw = pair(scale, "scale")
    kh, kw, channels, outputs = kernel_dimensions(kernel)
    if outputs % (rh * rw):
        raise ValueError(
            f"A sub-pixel kernel of scale {(rh, rw)} makes a multiple of {rh * rw} channels. "
            f"Received: shape {np.shape(kernel)}"
        )
    filters = outputs // (rh * rw)
    full = kh * rh, kw * rw
    tall, wide = full if kernel_size is None else pair(kernel_size, "kernel_size")
    if isinstance(padding, str):
        padded: str | Sides = NOTHING if one_of(padding, "padding", ("same", "valid")) == "valid" else "same"
    else:
        padded = checked_sides(padding, "padding")
    given = SubpixelFrame(padded, checked_sides(crop, "crop"))
    match = transpose_frame((kh, kw), (rh, rw), given, (tall, wide))
    phases = np.reshape(kernel, (kh, kw, channels, rh, rw, filters))[::-1, ::-1]
    transposed = phases.transpose(0, 3, 1, 4, 5, 2).reshape(*full, filters, channels)
    if match:
        frame, (above, left) = match
        inside = np.s_[above : above + tall, left : left + wide]
        if np.count_nonzero(transposed) == np.count_nonzero(transposed[inside]):
            return FramedKernel(np.ascontiguousarray(transposed[inside]), frame)
    raise ValueError(
        f"No transposed convolution of kernel_size={(tall, wide)} and stride {(rh, rw)} equals a sub-pixel convolution "
        f"with a kernel of shape {np.shape(kernel)}, padding={padding!r} and crop={crop!r}; "
        f"leave kernel_size out for {full}, and pad at most {(kh - 1, kw - 1)} on a side"
    )


def kernel_dimensions(kernel: Array) -> tuple[int, int, int, int]:
    """Return the four sizes of a kernel.

    Raises:
        ValueError: it does not have four dimensions, or one of them is 0.
    """
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
