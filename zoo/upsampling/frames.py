"""Compute the padding and the crop with which a transposed and a sub-pixel convolution have the same output.

Along one axis, let `full[f] = sum_i x[i] * kernel[f - i*r]` be the full transposed convolution of n pixels.
`Conv2DTranspose` returns a window of it, `full[first : first + (n-1)*r + extent]`, and neither `first` nor `extent`
depends on n. A sub-pixel convolution pads n pixels with zeros, convolves, shuffles, and is cropped to the same window.
None of this depends on the values of a kernel.
"""

from collections.abc import Sequence
from typing import NamedTuple

from zoo.arrays import kernel_reach
from zoo.upsampling.arguments import Pair

Sides = tuple[Pair, Pair]
NOTHING: Sides = ((0, 0), (0, 0))


class SubpixelFrame(NamedTuple):
    """Hold the padding before a sub-pixel convolution and the crop after it.

    Attributes:
        padding: `"same"`, as `SubpixelConv2D` pads; or zeros ((above, below), (left, right)) at low resolution, to be
            followed by a `"valid"` convolution.
        crop: pixels ((above, below), (left, right)) to take off the shuffled output.
    """

    padding: str | Sides = "same"
    crop: Sides = NOTHING

    def sides(self, taps: Pair) -> Sides:
        """Return the padding as zeros on each side, for a kernel of `taps` taps in height and width."""
        if isinstance(self.padding, str):
            return kernel_reach(taps[0]), kernel_reach(taps[1])
        return self.padding


class TransposeFrame(NamedTuple):
    """Hold the padding arguments of a transposed convolution and the crop after it.

    Attributes:
        padding: `"same"` or `"valid"`, as `Conv2DTranspose` takes it.
        output_padding: as `Conv2DTranspose` takes it.
        crop: pixels ((above, below), (left, right)) to take off its output.
    """

    padding: str = "same"
    output_padding: Pair | None = None
    crop: Sides = NOTHING


def subpixel_frame(kernel_size: Pair, scale: Pair, frame: TransposeFrame) -> tuple[SubpixelFrame, Pair, Pair]:
    """Return the frame of the sub-pixel form of a transposed convolution that needs the least work.

    Args:
        kernel_size: of the transposed convolution.
        scale: its strides.
        frame: its padding arguments, and the crop of its output.

    Returns:
        The frame, the sub-pixel kernel's taps, and how many zeros are put before the transposed kernel's entries to
        fill taps * scale of them.

    Raises:
        ValueError: TensorFlow cannot run the transposed convolution.
    """
    extra = frame.output_padding or (None, None)
    axes = []
    for size, factor, more, (before, after) in zip(kernel_size, scale, extra, frame.crop, strict=True):
        first, extent = _window(size, factor, frame.padding, more)
        axes.append(_least_axis(size, factor, first + before, extent - before - after))
    taps = axes[0].taps, axes[1].taps
    crop = axes[0].crop, axes[1].crop
    sides: Sides = (axes[0].padding, axes[1].padding)
    same = SubpixelFrame("same", crop)
    least = same if crop == NOTHING and sides == same.sides(taps) else SubpixelFrame(sides, crop)
    return least, taps, (axes[0].lead, axes[1].lead)


def transpose_frame(
    taps: Pair, scale: Pair, frame: SubpixelFrame, kernel_size: Pair
) -> tuple[TransposeFrame, Pair] | None:
    """Return the frame of a transposed convolution that equals a sub-pixel convolution in its frame.

    This inverts `subpixel_frame`; therefore `kernel_size` may be less than taps * scale.

    Returns:
        The frame, and how many of the sub-pixel kernel's entries come before those of the transposed kernel; or None
        if no transposed convolution of that size is equal.
    """
    sides = frame.sides(taps)
    places = [
        # The window's extent, and its first place in the full transposed convolution of taps * scale entries.
        ((sum(zeros) - count + 2) * factor - sum(cut), cut[0] + (count - 1 - zeros[0]) * factor)
        for count, factor, zeros, cut in zip(taps, scale, sides, frame.crop, strict=True)
    ]
    for padding in ("same", "valid"):
        for explicit in (False, True):
            extra, lead = [], []
            for (extent, first), size, factor, count in zip(places, kernel_size, scale, taps, strict=True):
                more = extent - (size % 2 if padding == "same" else size) if explicit else None
                try:
                    begin, reach = _window(size, factor, padding, more)
                except ValueError:
                    break
                if reach != extent or not 0 <= first - begin <= count * factor - size:
                    break
                extra.append(more)
                lead.append(first - begin)
            else:
                output_padding = (extra[0] or 0, extra[1] or 0) if explicit else None
                return TransposeFrame(padding, output_padding), (lead[0], lead[1])
    crop = [(first, size - first - extent) for (extent, first), size in zip(places, kernel_size, strict=True)]
    if kernel_size != (taps[0] * scale[0], taps[1] * scale[1]) or min(crop[0] + crop[1]) < 0:
        return None
    return TransposeFrame("valid", None, (crop[0], crop[1])), (0, 0)


def checked_sides(value: str | Sequence[Sequence[int]], name: str) -> Sides:
    """Return ((above, below), (left, right)), none of them negative.

    Raises:
        ValueError: the value is something else.
    """
    try:
        if isinstance(value, str):
            raise ValueError
        (above, below), (left, right) = value
        numbers = [int(above), int(below), int(left), int(right)]
    except (TypeError, ValueError):
        numbers = [-1]
    if min(numbers) < 0:
        raise ValueError(
            f"`{name}` must be ((above, below), (left, right)), none of them negative. Received: {name}={value!r}"
        )
    return (numbers[0], numbers[1]), (numbers[2], numbers[3])


class _Axis(NamedTuple):
    padding: Pair
    crop: Pair
    taps: int
    lead: int


def _window(size: int, scale: int, padding: str, output_padding: int | None) -> tuple[int, int]:
    """Return `first` and `extent`, which the module's docstring defines."""
    if output_padding is not None and not 0 <= output_padding < scale:
        raise ValueError(
            "`output_padding` must be at least 0 and less than the stride. "
            f"Received: output_padding={output_padding} for a stride of {scale}"
        )
    if padding == "valid":
        return 0, (max(size, scale) if output_padding is None else size + output_padding)
    extent = scale if output_padding is None else size % 2 + output_padding
    if extent < 1:
        remedy = f" or make it 1 to {scale - 1}" if scale > 1 else ""
        raise ValueError(
            "TensorFlow cannot run a transposed convolution with an even kernel, padding='same' and output_padding=0; "
            f"leave output_padding out{remedy}. Received: a kernel size of {size}"
        )
    return max(size - extent, 0) // 2, extent


def _least_axis(size: int, scale: int, first: int, extent: int) -> _Axis:
    taps = -(-size // scale)
    choices = []
    # A kernel that does not fill its taps may begin anywhere in them, which moves the window on the coarse grid.
    for lead in range(taps * scale - size + 1):
        # A crop of many pixels is left to the crop after the shuffle, because a padding cannot be negative.
        rows = min((first + lead) // scale, taps - 1)
        begin = first + lead - rows * scale
        before = taps - 1 - rows
        after = max(-(-(begin + extent) // scale) + taps - 2 - before, 0)
        height = after - taps + 2 + before
        choices.append(_Axis((before, after), (begin, height * scale - begin - extent), taps, lead))
    return min(choices, key=lambda axis: (sum(axis.padding), sum(axis.crop), axis.padding != kernel_reach(taps)))
