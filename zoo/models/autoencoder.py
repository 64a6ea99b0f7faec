"""A convolutional autoencoder whose decoder up-samples 7 to 14 to 28 (or 8 to 16 to 32)."""

import math
from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family("ae", kind="autoencoder", upsampling=4)
def autoencoder(
    upsampler: "Upsampler",
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    latent: int | None = None,
    filters: int = 16,
) -> "keras.Model":
    """An autoencoder with sub-models `encoder` and `decoder`.

    Args:
        upsampler: makes the decoder's two up-sampling layers; the only thing that differs between twins.
        image_shape: height and width, both divisible by 4, and channels.
        latent: numbers in the bottleneck; by default 64 for images of fewer than 1,024 pixels' worth of
            values (28x28x1) and 256 for larger ones (32x32x3).
        filters: channels between the two up-samplers; the coarse grid has four times as many.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: the same, in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    height, width, channels = image_shape
    if height < 4 or width < 4 or height % 4 or width % 4 or channels < 1:
        raise ValueError(
            f"image_shape {tuple(image_shape)}: height and width must be positive multiples of 4; "
            "choose another image_size"
        )
    if latent is None:
        latent = 64 if height * width * channels < 1024 else 256
    if latent < 1 or filters < 1:
        raise ValueError(f"latent {latent} and filters {filters} must be at least 1")

    def activation() -> layers.Layer:
        return layers.LeakyReLU(0.1)

    image = keras.Input(image_shape, name="image")
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same", activation=activation(), name="down1")(image)
    x = layers.Conv2D(4 * filters, 3, strides=2, padding="same", activation=activation(), name="down2")(x)
    x = layers.Flatten(name="flatten")(x)
    encoder = keras.Model(image, layers.Dense(latent, name="latent")(x), name="encoder")

    code = keras.Input((latent,), name="latent")
    coarse = (height // 4, width // 4, 4 * filters)
    x = layers.Dense(math.prod(coarse), activation=activation(), name="dense")(code)
    x = layers.Reshape(coarse, name="reshape")(x)
    x = upsampler(filters, 3, 2, activation=activation(), name="up1")(x)
    x = upsampler(channels, 3, 2, activation="sigmoid", name="up2")(x)
    decoder = keras.Model(code, x, name="decoder")

    return keras.Model(image, decoder(encoder(image)), name=f"ae_{upsampler.name}")
