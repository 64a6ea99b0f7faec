"""Build SESR: linear blocks that are wide while they learn and one narrow convolution each afterwards."""

from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family(
    "sesr",
    kind="super-resolution",
    scales=(2, 3, 4),
    citation="Bhardwaj et al. 2022, Collapsible Linear Blocks for Super-Efficient Super Resolution, arXiv:2103.09404",
)
def sesr(
    upsampler: "Upsampler",
    *,
    scale: int,
    m: int = 7,
    filters: int = 16,
    width: int = 256,
    collapsed: bool = False,
) -> "keras.Model":
    """Build SESR-M`m`: 5x5, `m` times 3x3 with a short residual, a long residual, and a 5x5 head added to the input.

    A linear block is a k x k convolution to `width` channels and a 1x1 convolution back with nothing between them, so
    that both collapse to one narrow convolution. As in the paper the blocks train in collapsed space, and their short
    residuals are an identity inside the collapsed kernel. The head is one layer that the up-sampler makes.

    Args:
        upsampler: makes the head, the only difference between twins.
        scale: 2, 3 or 4.
        m: number of 3x3 blocks.
        filters: channels of the narrow network.
        width: channels inside a linear block.
        collapsed: build the narrow network that the trained one collapses to.

    Input shape: `(batch, height, width, 1)`, luma in 0..1. Output shape: `(batch, scale * height, scale * width, 1)`,
    not clipped.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    from zoo.layers.collapsible_conv2d import CollapsibleConv2D

    def block(x: "keras.KerasTensor", size: int, name: str, residual: bool = False) -> "keras.KerasTensor":
        if collapsed:
            convolution = layers.Conv2D(filters, size, padding="same", name=name)
        else:
            convolution = CollapsibleConv2D(filters, size, width, residual=residual, name=name)
        return layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(convolution(x))

    image = keras.Input((None, None, 1), name="image")
    first = x = block(image, 5, "features")
    for number in range(1, m + 1):
        x = block(x, 3, f"block{number}", residual=True)
    x = layers.Add(name="long_residual")([x, first])
    # Keep the output in Keras's float type under mixed precision, which would round the picture.
    whole = keras.config.floatx()
    x = upsampler(1, 5, scale, dtype=whole, name="head")(x)
    nearest = layers.UpSampling2D(scale, dtype=whole, name="nearest")(image)
    x = layers.Add(dtype=whole, name="input_residual")([x, nearest])
    return keras.Model(image, x, name=f"sesr_x{scale}_{upsampler.name}")
