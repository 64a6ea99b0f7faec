"""Map the kernel of a convolution after nearest-neighbour up-sampling to the kernels of the equal other forms.

Up-sampling n pixels by r is a transposed convolution of stride r with r ones. Followed by a convolution with kernel
W of k taps, it is a transposed convolution of stride r whose kernel holds k + r - 1 sums of neighbouring taps,

    transposed[s] = sum_t W[t] for 0 <= s + t - (k - 1) < r,

because the convolution sums up pixels of which groups of r are equal. The zeros that the convolution puts around the
enlarged picture are the zeros outside a transposed convolution's input, so that the borders are equal, too. The
sub-pixel form has k' = ceil((k + r - 1) / r) taps. Its r*r phases take r*r*k'*k' products per pixel of the input, where
the convolution takes r*r*k*k: 16 instead of 36 for k = 3 and r = 2.
"""

import numpy as np

from zoo.arrays import Array, kernel_reach
from zoo.upsampling.arguments import Pair, Scale, one_of, pair
from zoo.upsampling.equivalence import (
    FramedKernel,
    SubpixelKernel,
    TransposeKernel,
    kernel_dimensions,
    transpose_to_subpixel,
)
from zoo.upsampling.frames import Sides, TransposeFrame, checked_sides


def resize_to_transpose(kernel: Array, scale: Scale, padding: str | Sides = "same") -> TransposeKernel:
    """Return the `Conv2DTranspose` kernel that is equal to nearest-neighbour up-sampling and a convolution.

    The up-sampling may be that of a `ResizeConv2D` or of a `keras.layers.UpSampling2D` before a `Conv2D`. The way back
    exists only for kernels of this structure, so that training the new kernel can reach functions that the old one
    cannot.

    Examples:
        >>> kernel = resize_to_transpose(np.ones((3, 3, 64, 8)), scale=2)
        >>> kernel.shape, kernel.frame
        ((4, 4, 8, 64), TransposeFrame(padding='same', output_padding=None, crop=((0, 0), (0, 0))))

    Args:
        kernel: `[kh, kw, input channels, C]`; any dtype, which is kept.
        scale: int or pair (rh, rw), of the up-sampling.
        padding: `"same"` or `"valid"`, of the convolution; or the zeros ((above, below), (left, right)) that are put
            around the enlarged picture, at most k - 1 on a side, before a `"valid"` one.

    Returns:
        The kernel `[kh+rh-1, kw+rw-1, C, input channels]`, an array with a `frame`: the padding arguments of the
        transposed convolution and the crop of its output, for inputs of any height and width. `"same"` with an odd k
        needs no crop.

    Raises:
        ValueError: the kernel does not have four dimensions, or an argument is out of range.
    """
    factors = pair(scale, "scale")
    kh, kw, _, _ = kernel_dimensions(kernel)
    sides = _sides(padding, (kh, kw))
    if any(zeros > size - 1 for size, both in zip((kh, kw), sides, strict=True) for zeros in both):
        raise ValueError(
            f"`padding` must be at most {(kh - 1, kw - 1)} on a side for a kernel of size {(kh, kw)}. "
            f"Received: padding={padding!r}"
        )
    sums = np.asarray(kernel)[::-1, ::-1].astype(np.float64)
    for axis, factor in enumerate(factors):
        around = [(factor - 1, factor - 1) if each == axis else (0, 0) for each in range(sums.ndim)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(sums, around), factor, axis)
        sums = windows.sum(axis=-1)
    transposed = np.ascontiguousarray(np.swapaxes(sums, 2, 3)).astype(np.asarray(kernel).dtype)
    return FramedKernel(transposed, _frame((kh, kw), sides))


def resize_to_subpixel(kernel: Array, scale: Scale, padding: str | Sides = "same") -> SubpixelKernel:
    """Return the `SubpixelConv2D` kernel that is equal to nearest-neighbour up-sampling and a convolution.

    Examples:
        >>> kernel = resize_to_subpixel(np.ones((3, 3, 64, 8)), scale=2)
        >>> kernel.shape, kernel.frame
        ((2, 2, 64, 32), SubpixelFrame(padding=((1, 1), (1, 1)), crop=((1, 1), (1, 1))))

    Args:
        kernel: `[kh, kw, input channels, C]`; any dtype, which is kept.
        scale: int or pair (rh, rw), of the up-sampling.
        padding: as `resize_to_transpose` takes it.

    Returns:
        The kernel, an array with a `frame`, as `transpose_to_subpixel` returns it. Its size along an axis is
        ceil((k + r - 1) / r).

    Raises:
        ValueError: the kernel does not have four dimensions, or an argument is out of range.
    """
    transposed = resize_to_transpose(kernel, scale, padding)
    return transpose_to_subpixel(transposed.kernel, scale, *transposed.frame)


def transpose_to_resize(kernel: Array, scale: Scale) -> Array:
    """Return the kernel of the convolution after nearest-neighbour up-sampling that equals a transposed convolution.

    This inverts `resize_to_transpose`. Most kernels of transposed convolutions are not sums of neighbouring taps, and
    therefore equal to no such convolution.

    Args:
        kernel: `[kh+rh-1, kw+rw-1, C, input channels]`; any dtype, which is kept. Padding `"same"` of the transposed
            convolution is `"same"` of the new one if kh and kw are odd.
        scale: int or pair (rh, rw), the strides.

    Returns:
        The kernel `[kh, kw, input channels, C]`.

    Raises:
        ValueError: the kernel does not have four dimensions, an argument is out of range, or there is no such kernel.
    """
    factors = pair(scale, "scale")
    kernel_dimensions(kernel)
    given = np.asarray(kernel)
    taps = np.swapaxes(given, 2, 3).astype(np.float64)
    for axis, factor in enumerate(factors):
        sums = np.moveaxis(taps, axis, 0)
        taps = np.diff(sums, axis=0, prepend=0)[: max(len(sums) - factor + 1, 0)]
        # Two neighbouring sums differ by the tap that enters and the tap that leaves.
        for place in range(factor, len(taps)):
            taps[place] += taps[place - factor]
        taps = np.moveaxis(taps, 0, axis)
    convolution = np.ascontiguousarray(taps[::-1, ::-1]).astype(given.dtype)
    size = float(np.max(np.abs(given.astype(np.float64))))
    rounding = 100 * float(np.finfo(given.dtype).eps) * size if given.dtype.kind == "f" else 0.0
    if 0 not in convolution.shape:
        again = resize_to_transpose(convolution, factors).kernel
        if np.allclose(again.astype(np.float64), given.astype(np.float64), rtol=0, atol=rounding):
            return convolution
    raise ValueError(
        f"No convolution after nearest-neighbour up-sampling by {factors} equals a transposed convolution with this "
        f"kernel of shape {given.shape}, whose taps are not sums of neighbouring taps of a smaller kernel"
    )


def _sides(padding: str | Sides, size: Pair) -> Sides:
    if isinstance(padding, str):
        word = one_of(padding, "padding", ("same", "valid"))
        return ((0, 0), (0, 0)) if word == "valid" else (kernel_reach(size[0]), kernel_reach(size[1]))
    return checked_sides(padding, "padding")


def _frame(size: Pair, sides: Sides) -> TransposeFrame:
    """Return the frame with which a transposed kernel of size k + r - 1 returns the convolution's pixels."""
    rows, columns = ((taps - 1 - before, taps - 1 - after) for taps, (before, after) in zip(size, sides, strict=True))
    # TensorFlow's "same" drops as many pixels at both ends of such a kernel, and one more at the end for an even k.
    if all(crop == kernel_reach(taps) for taps, crop in zip(size, (rows, columns), strict=True)):
        return TransposeFrame("same")
    return TransposeFrame("valid", None, (rows, columns))
