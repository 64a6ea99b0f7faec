"""Where the pixels go: the padding and the crop with which two convolutions give the same picture.

Along one axis, let `full[f] = sum_i x[i] * kernel[f - i*r]` be the full transposed convolution of n pixels. What
`Conv2DTranspose` returns is a window of it, `full[first : first + (n-1)*r + extent]`, and neither `first` nor `extent`
depends on n. A sub-pixel convolution pads n pixels with zeros, convolves, shuffles, and is cropped to the same window.
Nothing here looks at the values of a kernel.
"""

from collections.abc import Sequence
from typing import NamedTuple

from zoo.arrays import kernel_reach
from zoo.upsampling.arguments import Pair

Sides = tuple[Pair, Pair]
NOTHING: Sides = ((0, 0), (0, 0))


class SubpixelFrame(NamedTuple):
    """What stands around a sub-pixel convolution.

    Attributes:
        padding: `"same"`, that of `SubpixelConv2D`; or zeros ((above, below), (left, right)) at low resolution, to be
            followed by a `"valid"` convolution.
        crop: pixels ((above, below), (left, right)) to take off the shuffled output.
    """

    padding: str | Sides = "same"
    crop: Sides = NOTHING

    def sides(self, taps: Pair) -> Sides:
        """The padding as zeros on each side, for a kernel of that many taps."""
        if isinstance(self.padding, str):
            return kernel_reach(taps[0]), kernel_reach(taps[1])
        return self.padding


class TransposeFrame(NamedTuple):
    """What a transposed convolution is told, and what stands around it.

    Attributes:
        padding: `"same"` or `"valid"`, of `Conv2DTranspose`.
        output_padding: of `Conv2DTranspose`.
        crop: pixels ((above, below), (left, right)) to take off its output.
    """

    padding: str = "same"
    output_padding: Pair | None = None
    crop: Sides = NOTHING


def subpixel_frame(kernel_size: Pair, scale: Pair, frame: TransposeFrame) -> tuple[SubpixelFrame, Pair, Pair]:
    """The frame of least work for the sub-pixel form of a transposed convolution (its own crop is not looked at).

    Returns:
        The frame, the sub-pixel kernel's taps, and how many zeros go before the transposed kernel's entries to fill
        taps * scale of them.

    Raises:
        ValueError: TensorFlow cannot run the transposed convolution.
    """
    extra = frame.output_padding or (None, None)
    axes = [
        _least_axis(size, factor, *_window(size, factor, frame.padding, more))
        for size, factor, more in zip(kernel_size, scale, extra, strict=True)
    ]
    taps = axes[0].taps, axes[1].taps
    crop = axes[0].crop, axes[1].crop
    sides: Sides = (axes[0].padding, axes[1].padding)
    same = SubpixelFrame("same", crop)
    found = same if crop == NOTHING and sides == same.sides(taps) else SubpixelFrame(sides, crop)
    return found, taps, (axes[0].lead, axes[1].lead)


def transpose_frame(
    taps: Pair, scale: Pair, frame: SubpixelFrame, kernel_size: Pair
) -> tuple[TransposeFrame, Pair] | None:
    """The frame of a transposed convolution that equals a sub-pixel convolution in its frame.

    `kernel_size` may be less than taps * scale: the inverse of `subpixel_frame`.

    Returns:
        The frame, and how many of the sub-pixel kernel's entries go before those of the transposed kernel; or None
        where no transposed convolution of that size equals it.
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
    """((above, below), (left, right)), none of them negative.

    Raises:
        ValueError: it is something else.
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
    """`first` and `extent` as the module's docstring has them."""
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
    # A kernel that does not fill its taps may begin anywhere in them; that moves the window on the coarse grid.
    for lead in range(taps * scale - size + 1):
        rows, begin = divmod(first + lead, scale)
        before = taps - 1 - rows
        height = -(-(begin + extent) // scale)
        after = height + taps - 2 - before
        choices.append(_Axis((before, after), (begin, height * scale - begin - extent), taps, lead))
    return min(choices, key=lambda axis: (sum(axis.padding), sum(axis.crop), axis.padding != kernel_reach(taps)))
