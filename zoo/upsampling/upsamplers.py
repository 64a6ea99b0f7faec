"""Name the up-samplers. The up-sampler is the only difference between the twins of a family.

A new up-sampler is a layer, a row here (or a call of `register_upsampler`) and a name in `zoo.names.UPSAMPLERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keras import layers

from zoo.arrays import Array
from zoo.names import add_upsampler_name, remedy, upsampler_names
from zoo.upsampling.arguments import Pair, Scale, pair
from zoo.upsampling.equivalence import subpixel_to_transpose, transpose_to_subpixel
from zoo.upsampling.frames import TransposeFrame
from zoo.upsampling.icnr import ICNR
from zoo.upsampling.resize_conv2d import ResizeConv2D
from zoo.upsampling.subpixel_conv2d import SubpixelConv2D

KernelMap = Callable[[layers.Layer, layers.Layer], list[Array] | None]


@dataclass(frozen=True)
class Upsampler:
    """Make up-sampling layers of one kind. `upsampler(name)` returns the up-sampler of that name.

    Examples:
        >>> upsampler("transpose")(8, kernel_size=3, scale=2, activation="relu").kernel_size
        (6, 6)

    Attributes:
        name: one of `UPSAMPLERS`, or a registered name.
        make: `make(filters, kernel_size, scale, padding="same", **layer_kwargs) -> keras.layers.Layer`.
        layer: the class of the layers that it makes.
        note: one line that describes it to readers.
        scale_of: the attribute of its layers that holds the factors of height and width.
        takes_transpose_kernel: `make` also takes `transpose_kernel`, the kernel size of a paper's own transposed
            convolution. The other up-samplers use `kernel_size` in all families.
        exact_twin: the name of the up-sampler whose layers compute the same functions, if there is one.
        kernel_map: `kernel_map(source, target)` returns the weights of a layer of another kind as weights of a layer
            that this up-sampler made, or None if no weights of it compute the same function. It may raise ValueError
            in that case.
    """

    name: str
    make: Callable[..., layers.Layer] = field(repr=False)
    layer: type[layers.Layer] = field(repr=False)
    note: str = field(repr=False)
    scale_of: str = field(default="scale", repr=False)
    takes_transpose_kernel: bool = field(default=False, repr=False)
    exact_twin: str | None = field(default=None, repr=False)
    kernel_map: KernelMap = field(default=lambda source, target: None, repr=False)

    def __call__(
        self,
        filters: int,
        kernel_size: Scale,
        scale: Scale,
        transpose_kernel: Scale | None = None,
        **layer_kwargs: Any,
    ) -> layers.Layer:
        """Return a layer that up-samples `scale` times.

        Args:
            filters: int, the number of output channels.
            kernel_size: int or pair, the size of the kernel k in low-resolution pixels.
            scale: int or pair (rh, rw).
            transpose_kernel: int or pair, the kernel size of `transpose` if the paper has one that is not k * r.
            **layer_kwargs: arguments that all the layers take: `activation`, `use_bias`, initialisers, regularisers,
                constraints, `data_format`, `name`, `dtype`. The padding is always `"same"`.

        Raises:
            ValueError: an argument is out of range, or `transpose` got an even kernel size.
        """
        sizes = pair(kernel_size, "kernel_size"), pair(scale, "scale")
        if transpose_kernel is not None and self.takes_transpose_kernel:
            layer_kwargs["transpose_kernel"] = pair(transpose_kernel, "transpose_kernel")
        return self.make(filters, *sizes, padding="same", **layer_kwargs)


def upsampler(name: str) -> Upsampler:
    """Return the up-sampler of a name.

    - `subpixel`: `SubpixelConv2D` with kernel k; its initialiser is wrapped in `ICNR` unless it is one.
    - `transpose`: its exact twin, `Conv2DTranspose` with kernel k * r and stride r; k must be odd.
    - `transpose_2r`: the field's habit, `Conv2DTranspose` with kernel 2r and stride r, whatever k is.
    - `resize`: `ResizeConv2D` with kernel k, nearest-neighbour.

    Raises:
        ValueError: there is none of that name; the message holds the closest ones.
    """
    if name not in _TABLE:
        raise ValueError(f"there is no up-sampler {name!r}{remedy(str(name), upsampler_names())}")
    return _TABLE[name]


def register_upsampler(row: Upsampler) -> None:
    """Add an up-sampler. Families that are registered with its name afterwards can be built with it.

    Examples:
        >>> register_upsampler(Upsampler("bilinear", make_bilinear, ResizeConv2D, "bilinear resize, then Conv2D"))

    Raises:
        ValueError: the name is taken, or would not fit into a model name.
    """
    add_upsampler_name(row.name)
    _TABLE[row.name] = row


def enlarges(layer: layers.Layer) -> bool:
    """Return whether a layer is of a kind that up-samplers make, with a factor greater than 1."""
    return any(isinstance(layer, row.layer) and max(getattr(layer, row.scale_of)) > 1 for row in _TABLE.values())


def converted_weights(source: layers.Layer, target: layers.Layer) -> list[Array] | None:
    """Return the weights with which a layer computes what another layer computes.

    Layers of one class share their weights as they are. Otherwise the up-sampler that makes `target` maps them.

    Args:
        source: a built layer.
        target: a built layer; it is not modified.

    Returns:
        The weights in the order of `target.weights`, or None if they cannot be mapped. Their shapes fit if both layers
        have the same sizes.
    """
    for row in _TABLE.values():
        if isinstance(target, row.layer):
            try:
                weights = row.kernel_map(source, target)
            except ValueError:
                continue
            if weights is not None:
                return weights
    return source.get_weights() if type(source) is type(target) else None


def _subpixel(
    filters: int, kernel_size: Pair, scale: Pair, kernel_initializer: Any = "glorot_uniform", **layer_kwargs: Any
) -> layers.Layer:
    if not isinstance(kernel_initializer, ICNR):
        kernel_initializer = ICNR(kernel_initializer, scale)
    return SubpixelConv2D(filters, kernel_size, scale, kernel_initializer=kernel_initializer, **layer_kwargs)


def _transpose(
    filters: int, kernel_size: Pair, scale: Pair, transpose_kernel: Pair | None = None, **layer_kwargs: Any
) -> layers.Layer:
    if transpose_kernel:
        return layers.Conv2DTranspose(filters, transpose_kernel, strides=scale, **layer_kwargs)
    if any(size % 2 == 0 for size in kernel_size):
        raise ValueError(
            "The `transpose` up-sampler takes an odd `kernel_size`: with an even one no transposed convolution "
            f"with padding 'same' equals the sub-pixel convolution. Received: kernel_size={kernel_size}"
        )
    large = kernel_size[0] * scale[0], kernel_size[1] * scale[1]
    return layers.Conv2DTranspose(filters, large, strides=scale, **layer_kwargs)


def _transpose_2r(filters: int, kernel_size: Pair, scale: Pair, **layer_kwargs: Any) -> layers.Layer:
    return layers.Conv2DTranspose(filters, (2 * scale[0], 2 * scale[1]), strides=scale, **layer_kwargs)


def _subpixel_weights(source: layers.Layer, target: layers.Layer) -> list[Array] | None:
    if not isinstance(source, layers.Conv2DTranspose):
        return None
    kernel, *bias = source.get_weights()
    subpixel = transpose_to_subpixel(kernel, target.scale, source.padding, source.output_padding)
    return [subpixel.kernel, *bias] if subpixel.frame.padding == target.padding else None


def _transpose_weights(source: layers.Layer, target: layers.Layer) -> list[Array] | None:
    if not isinstance(source, SubpixelConv2D):
        return None
    kernel, *bias = source.get_weights()
    transpose = subpixel_to_transpose(kernel, target.strides, source.padding, kernel_size=target.kernel_size)
    fits = transpose.frame == TransposeFrame(target.padding, target.output_padding)
    return [transpose.kernel, *bias] if fits else None


_TABLE = {
    row.name: row
    for row in (
        Upsampler(
            "subpixel",
            _subpixel,
            SubpixelConv2D,
            "Conv2D (k, k) at low resolution and depth_to_space, initialised with ICNR",
            exact_twin="transpose",
            kernel_map=_subpixel_weights,
        ),
        Upsampler(
            "transpose",
            _transpose,
            layers.Conv2DTranspose,
            "Conv2DTranspose (k * r, k * r) with stride r, the exact twin of subpixel; k is odd",
            scale_of="strides",
            takes_transpose_kernel=True,
            exact_twin="subpixel",
            kernel_map=_transpose_weights,
        ),
        Upsampler(
            "transpose_2r",
            _transpose_2r,
            layers.Conv2DTranspose,
            "Conv2DTranspose (2r, 2r) with stride r, the usual choice, whatever k is",
            scale_of="strides",
            kernel_map=_transpose_weights,
        ),
        Upsampler(
            "resize", ResizeConv2D, ResizeConv2D, "nearest-neighbour resize, then Conv2D (k, k) at high resolution"
        ),
    )
}
