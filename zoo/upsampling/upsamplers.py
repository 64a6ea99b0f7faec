"""The up-samplers by name: what differs between the twins of a family, and the only thing that does."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keras import layers

from zoo.upsampling.arguments import Pair, Scale, pair
from zoo.upsampling.icnr import ICNR
from zoo.upsampling.resize_conv2d import ResizeConv2D
from zoo.upsampling.subpixel_conv2d import SubpixelConv2D


@dataclass(frozen=True)
class Upsampler:
    """Makes up-sampling layers of one kind; `upsampler(name)` gives them.

    Example:

    >>> upsampler("transpose")(8, kernel_size=3, scale=2, activation="relu").kernel_size
    (6, 6)

    Attributes:
        name: one of `UPSAMPLERS`.
    """

    name: str
    _make: Callable[..., layers.Layer] = field(repr=False)

    def __call__(
        self,
        filters: int,
        kernel_size: Scale,
        scale: Scale,
        transpose_kernel: Scale | None = None,
        **layer_kwargs: Any,
    ) -> layers.Layer:
        """A layer that up-samples `scale` times.

        Args:
            filters: int, the number of output channels.
            kernel_size: int or pair, the size of the kernel k in low-resolution pixels.
            scale: int or pair (rh, rw).
            transpose_kernel: int or pair, the kernel of `transpose` where its paper has one that is not k * r.
            **layer_kwargs: what all the layers take: `activation`, `use_bias`, initialisers, regularisers,
                constraints, `data_format`, `name`, `dtype`. The padding is always `"same"`.

        Raises:
            ValueError: an argument is out of range, or `transpose` got an even kernel size.
        """
        sizes = pair(kernel_size, "kernel_size"), pair(scale, "scale")
        if transpose_kernel is not None and self._make is _transpose:
            layer_kwargs["own_kernel"] = pair(transpose_kernel, "transpose_kernel")
        return self._make(filters, *sizes, padding="same", **layer_kwargs)


def _subpixel(
    filters: int, kernel_size: Pair, scale: Pair, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
) -> layers.Layer:
    if not isinstance(kernel_initializer, ICNR):
        kernel_initializer = ICNR(kernel_initializer, scale)
    return SubpixelConv2D(filters, kernel_size, scale, kernel_initializer=kernel_initializer, **kwargs)


def _transpose(
    filters: int, kernel_size: Pair, scale: Pair, own_kernel: Pair | None = None, **kwargs: Any
) -> layers.Layer:
    if own_kernel:
        return layers.Conv2DTranspose(filters, own_kernel, strides=scale, **kwargs)
    if any(size % 2 == 0 for size in kernel_size):
        raise ValueError(
            "The `transpose` up-sampler takes an odd `kernel_size`: with an even one no transposed convolution "
            f"with padding 'same' equals the sub-pixel convolution. Received: kernel_size={kernel_size}"
        )
    large = kernel_size[0] * scale[0], kernel_size[1] * scale[1]
    return layers.Conv2DTranspose(filters, large, strides=scale, **kwargs)


def _transpose_2r(filters: int, kernel_size: Pair, scale: Pair, **kwargs: Any) -> layers.Layer:
    return layers.Conv2DTranspose(filters, (2 * scale[0], 2 * scale[1]), strides=scale, **kwargs)


_MAKERS: dict[str, Callable[..., layers.Layer]] = {
    "subpixel": _subpixel,
    "transpose": _transpose,
    "transpose_2r": _transpose_2r,
    "resize": ResizeConv2D,
}
UPSAMPLERS = tuple(_MAKERS)


def upsampler(name: str) -> Upsampler:
    """The up-sampler of that name.

    - `subpixel`: `SubpixelConv2D` with kernel k; its initialiser is wrapped in `ICNR` unless it is one.
    - `transpose`: its exact twin, `Conv2DTranspose` with kernel k * r and stride r; k must be odd.
    - `transpose_2r`: the field's habit, `Conv2DTranspose` with kernel 2r and stride r, whatever k is.
    - `resize`: `ResizeConv2D` with kernel k, nearest-neighbour.

    Raises:
        ValueError: there is none of that name; the message holds the closest ones.
    """
    if name not in _MAKERS:
        close = difflib.get_close_matches(str(name), UPSAMPLERS)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"There is no up-sampler {name!r}.{hint} Allowed: {', '.join(UPSAMPLERS)}")
    return Upsampler(name, _MAKERS[name])
