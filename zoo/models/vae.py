"""Build a convolutional variational autoencoder whose decoder up-samples 7 to 14 to 28 (or 8 to 16 to 32)."""

import math
from typing import TYPE_CHECKING

from zoo.models.quarter_grid import quarter_grid
from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family(
    "vae",
    kind="vae",
    upsampling=4,
    citation="Kingma and Welling 2014, arXiv:1312.6114; Shi et al. 2016, arXiv:1609.07009",
)
def vae(
    upsampler: "Upsampler",
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    latent: int = 32,
    filters: int = 32,
    hidden: int = 128,
) -> "keras.Model":
    """Build a variational autoencoder with sub-models `encoder` (mean and log-variance) and `decoder`.

    The whole model decodes the mean. The decoder's values are probabilities of a Bernoulli distribution; their logits
    are the output of its layer `logits`.

    Args:
        upsampler: makes the decoder's two up-sampling layers, the only difference between twins.
        image_shape: height and width, both divisible by 4, and channels.
        latent: dimensions of the Gaussian posterior.
        filters: channels between the two up-samplers; the coarse grid has twice this number.
        hidden: width of the dense layers between grid and latent.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: the same, in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    grid = quarter_grid(image_shape)
    if min(latent, filters, hidden) < 1:
        raise ValueError(f"latent {latent}, filters {filters} and hidden {hidden} must be at least 1")

    def activation() -> layers.Layer:
        return layers.LeakyReLU(0.1)

    def down(filters: int, name: str) -> layers.Layer:
        return layers.Conv2D(filters, 3, 2, padding="same", activation=activation(), name=name)

    image = keras.Input(image_shape, name="image")
    x = down(2 * filters, "down2")(down(filters, "down1")(image))
    x = layers.Dense(hidden, activation=activation(), name="hidden")(layers.Flatten(name="flatten")(x))
    mean = layers.Dense(latent, name="mean")(x)
    log_variance = layers.Dense(latent, name="log_variance")(x)
    encoder = keras.Model(image, [mean, log_variance], name="encoder")

    code = keras.Input((latent,), name="latent")
    x = layers.Dense(hidden, activation=activation(), name="hidden")(code)
    x = layers.Dense(math.prod(grid) * 2 * filters, activation=activation(), name="dense")(x)
    x = layers.Reshape((*grid, 2 * filters), name="reshape")(x)
    x = upsampler(filters, 3, 2, activation=activation(), name="up1")(x)
    x = upsampler(image_shape[-1], 3, 2, name="logits")(x)
    x = layers.Activation("sigmoid", name="probabilities")(x)
    decoder = keras.Model(code, x, name="decoder")

    return keras.Model(image, decoder(encoder(image)[0]), name=f"vae_{upsampler.name}")
