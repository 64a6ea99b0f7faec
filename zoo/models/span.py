"""Build SPAN: blocks of three convolutions whose output weighs itself, attention that has no parameters."""

from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler

# As in the paper's code, features have the size of grey levels about the mean of DIV2K's pictures. With features of the
# size of 0..1 the attention would be about 0, and every block would output the square of almost nothing.
_LUMA_MEAN = 0.45
_RANGE = 255.0


@family(
    "span",
    kind="super-resolution",
    scales=(2, 3, 4),
    citation="Wan et al. 2024, Swift Parameter-free Attention Network for Efficient Super-Resolution, arXiv:2311.12770",
)
def span(
    upsampler: "Upsampler",
    *,
    scale: int,
    blocks: int = 6,
    filters: int = 28,
    width: int = 56,
    collapsed: bool = False,
) -> "keras.Model":
    """Build SPAN: a convolution, `blocks` blocks with attention, a concatenation of four feature maps, and the head.

    Every 3x3 convolution before the concatenation is a linear block as in `sesr`: wide while it learns, and one narrow
    convolution afterwards. The paper's has a 1x1 convolution before its 3x3 convolution too, and a learned 1x1
    convolution as its residual; both kinds collapse to every 3x3 kernel. The concatenated maps are those of the first
    convolution, of the first block, of the last block's first convolution, and of the last block.

    Args:
        upsampler: makes the head, the only difference between twins.
        scale: 2, 3 or 4.
        blocks: number of blocks; the paper has 6.
        filters: channels of the narrow network; the paper has 48, and 28 in its smaller version.
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

    if blocks < 1:
        raise ValueError(f"blocks {blocks} must be at least 1")

    def convolution(x: "keras.KerasTensor", name: str, residual: bool = True) -> "keras.KerasTensor":
        if collapsed:
            return layers.Conv2D(filters, 3, padding="same", name=name)(x)
        return CollapsibleConv2D(filters, 3, width, residual=residual, name=name)(x)

    def block(x: "keras.KerasTensor", name: str) -> "tuple[keras.KerasTensor, keras.KerasTensor]":
        first = layers.Activation("silu", name=f"{name}_silu1")(convolution(x, f"{name}_conv1"))
        second = layers.Activation("silu", name=f"{name}_silu2")(convolution(first, f"{name}_conv2"))
        third = convolution(second, f"{name}_conv3")
        # An odd function, so that features of either sign are weighed alike.
        sigmoid = layers.Activation("sigmoid", name=f"{name}_sigmoid")(third)
        attention = layers.Rescaling(1.0, -0.5, name=f"{name}_attention")(sigmoid)
        residual = layers.Add(name=f"{name}_residual")([third, x])
        return layers.Multiply(name=name)([residual, attention]), first

    image = keras.Input((None, None, 1), name="image")
    x = layers.Rescaling(_RANGE, -_RANGE * _LUMA_MEAN, name="grey_levels")(image)
    features = x = convolution(x, "features", residual=False)
    outputs = []
    for number in range(1, blocks + 1):
        x, inner = block(x, f"block{number}")
        outputs.append(x)
    x = layers.Concatenate(name="concatenation")([features, convolution(x, "body"), outputs[0], inner])
    x = layers.Conv2D(filters, 1, name="fusion")(x)
    # Keep the output in Keras's float type under mixed precision, which would round the picture.
    whole = keras.config.floatx()
    x = upsampler(1, 3, scale, dtype=whole, name="head")(x)
    x = layers.Rescaling(1 / _RANGE, _LUMA_MEAN, dtype=whole, name="luma")(x)
    return keras.Model(image, x, name=f"span_x{scale}_{upsampler.name}")
