"""Build a convolutional autoencoder whose decoder up-samples 7 to 14 to 28 (or 8 to 16 to 32)."""

import math
from typing import TYPE_CHECKING

from zoo.models.quarter_grid import quarter_grid
from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family(
    "ae",
    kind="autoencoder",
    upsampling=4,
    citation="Hinton and Salakhutdinov 2006, doi:10.1126/science.1127647; Shi et al. 2016, arXiv:1609.07009",
)
def autoencoder(
    upsampler: "Upsampler",
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    latent: int | None = None,
    filters: int = 16,
    blocks: int = 0,
    spatial: bool = False,
) -> "keras.Model":
    """Build an autoencoder with sub-models `encoder` and `decoder`.

    Args:
        upsampler: makes the decoder's two up-sampling layers, the only difference between twins.
        image_shape: height and width, both divisible by 4, and channels.
        latent: numbers in the bottleneck; by default 64 for images of fewer than 1,024 values (28x28x1) and 256 for
            larger ones (32x32x3).
        filters: channels between the two up-samplers; the coarse grid has four times this number.
        blocks: residual convolutions on the coarse grid, in the encoder and in the decoder.
        spatial: keep the bottleneck's numbers on the coarse grid, written and read by convolutions, instead of dense
            layers over the whole image; `latent` must then divide by the grid's size.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: the same, in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    grid = quarter_grid(image_shape)
    if latent is None:
        latent = 64 if math.prod(image_shape) < 1024 else 256
    if latent < 1 or filters < 1 or blocks < 0:
        raise ValueError(f"latent {latent} and filters {filters} must be at least 1, blocks {blocks} at least 0")
    if spatial and latent % math.prod(grid):
        raise ValueError(f"latent {latent} does not divide by the {grid[0]}x{grid[1]} places of the coarse grid")

    def convolution(filters: int, name: str, strides: int = 1) -> layers.Layer:
        return layers.Conv2D(filters, 3, strides, padding="same", activation=activation(), name=name)

    def activation() -> layers.Layer:
        return layers.LeakyReLU(0.1)

    def residual(x: "keras.KerasTensor") -> "keras.KerasTensor":
        for number in range(1, blocks + 1):
            x = layers.Add(name=f"add{number}")([x, convolution(4 * filters, f"block{number}")(x)])
        return x

    image = keras.Input(image_shape, name="image")
    x = convolution(2 * filters, "down1", strides=2)(image)
    x = residual(convolution(4 * filters, "down2", strides=2)(x))
    if spatial:
        x = layers.Conv2D(latent // math.prod(grid), 3, padding="same", name="code")(x)
        x = layers.Flatten(name="latent")(x)
    else:
        x = layers.Dense(latent, name="latent")(layers.Flatten(name="flatten")(x))
    encoder = keras.Model(image, x, name="encoder")

    code = keras.Input((latent,), name="latent")
    if spatial:
        x = layers.Reshape((*grid, latent // math.prod(grid)), name="reshape")(code)
        x = convolution(4 * filters, "read")(x)
    else:
        x = layers.Dense(math.prod(grid) * 4 * filters, activation=activation(), name="dense")(code)
        x = layers.Reshape((*grid, 4 * filters), name="reshape")(x)
    x = residual(x)
    x = upsampler(filters, 3, 2, activation=activation(), name="up1")(x)
    x = upsampler(image_shape[-1], 3, 2, activation="sigmoid", name="up2")(x)
    decoder = keras.Model(code, x, name="decoder")

    return keras.Model(image, decoder(encoder(image)), name=f"ae_{upsampler.name}")
