"""Build EDSR: residual blocks without batch normalisation, then one up-sampler for each factor of the scale."""

from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler

# The mean colour of DIV2K's training pictures.
_MEAN = (0.4488, 0.4371, 0.4040)
_STEPS = {2: (2,), 3: (3,), 4: (2, 2)}


@family(
    "edsr",
    kind="super-resolution",
    scales=(2, 3, 4),
    citation="Lim et al. 2017, Enhanced Deep Residual Networks for Single Image Super-Resolution, arXiv:1707.02921",
)
def edsr(
    upsampler: "Upsampler", *, scale: int, blocks: int = 16, filters: int = 64, residual_scaling: float = 1.0
) -> "keras.Model":
    """Build EDSR on RGB.

    The defaults are the paper's baseline; its large model has 32 blocks, 256 filters and a residual scaling of 0.1.

    Args:
        upsampler: makes the enlarging layers, one for x2 and x3 and two for x4, the only difference between twins.
        scale: 2, 3 or 4.
        blocks: residual blocks.
        filters: channels throughout.
        residual_scaling: factor of each block's residual.

    Input shape: `(batch, height, width, 3)`, RGB in 0..1. Output shape: `(batch, scale * height, scale * width, 3)`,
    not clipped.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    if blocks < 1 or not residual_scaling > 0:
        raise ValueError(f"blocks {blocks} must be at least 1 and residual_scaling {residual_scaling} greater than 0")

    def convolution(
        x: "keras.KerasTensor", filters: int, name: str, activation: str | None = None
    ) -> "keras.KerasTensor":
        return layers.Conv2D(filters, 3, padding="same", activation=activation, name=name)(x)

    image = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1.0, [-value for value in _MEAN], name="subtract_mean")(image)
    first = x = convolution(x, filters, "features")
    for number in range(1, blocks + 1):
        residual = convolution(x, filters, f"block{number}_a", "relu")
        residual = convolution(residual, filters, f"block{number}_b")
        if residual_scaling != 1.0:
            residual = layers.Rescaling(residual_scaling, name=f"block{number}_scaled")(residual)
        x = layers.Add(name=f"block{number}")([x, residual])
    x = layers.Add(name="long_residual")([convolution(x, filters, "body"), first])
    for number, factor in enumerate(_STEPS[scale], 1):
        x = upsampler(filters, 3, factor, name=f"head{number}")(x)
    # Keep the output in Keras's float type under mixed precision, which would round the picture.
    whole = keras.config.floatx()
    x = layers.Conv2D(3, 3, padding="same", dtype=whole, name="rgb")(x)
    x = layers.Rescaling(1.0, list(_MEAN), dtype=whole, name="add_mean")(x)
    return keras.Model(image, x, name=f"edsr_x{scale}_{upsampler.name}")
