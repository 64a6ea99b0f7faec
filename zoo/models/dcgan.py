"""Build DCGAN: a generator, of transposed convolutions in its paper and of any up-sampler here, and a discriminator."""

from typing import TYPE_CHECKING

from zoo.models.coarse_grid import (
    COARSEST,
    batch_normalisation,
    check_generator,
    coarse_grid,
    normalised,
    project,
)
from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler

DEVIATION = 0.02
MODE = 8.0
"""Weight of the mode among the latent numbers."""


def discriminator(*, image_shape: tuple[int, int, int] = (28, 28, 1), filters: int = 48) -> "keras.Model":
    """Build the discriminator: strided 4x4 convolutions down to 4x4, and one logit.

    If the generator's coarse grid is larger than 4x4, as for 28x28, there is one convolution more than up-samplers.
    Without it no unit sees more than 10 pixels, and samples have strokes like the data's that form no digits.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: `(batch, 1)`.
    """
    import keras
    from keras import layers

    grid, doublings = coarse_grid(image_shape)
    if max(grid) > COARSEST:
        doublings += 1
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="centred")(image)
    for number in range(1, doublings + 1):
        x = layers.Conv2D(
            filters * 2 ** (number - 1),
            4,
            2,
            padding="same",
            use_bias=number == 1,
            kernel_initializer=_small(),
            name=f"down{number}",
        )(x)
        if number > 1:
            x = batch_normalisation(f"normal{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"leak{number}")(x)
    x = layers.Dense(1, kernel_initializer=_small(), name="logit")(layers.Flatten(name="flatten")(x))
    return keras.Model(image, x, name="discriminator")


@family(
    "dcgan",
    kind="generator",
    upsampling=4,
    citation="Radford et al. 2015, arXiv:1511.06434; Shi et al. 2016, arXiv:1609.07009",
    discriminator=discriminator,
)
def dcgan(
    upsampler: "Upsampler",
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    latent: int = 32,
    hidden: int = 128,
    filters: int = 48,
) -> "keras.Model":
    """Build the generator: a projection to the coarse grid, then up-samplers with batch normalisation between them.

    The paper's up-sampler is a transposed 4x4 convolution of stride 2, `transpose_2r` here.

    Args:
        upsampler: makes all up-sampling layers, the only difference between twins.
        image_shape: height and width, multiples of 4 and at least 16, and channels. 28x28 is made from 7x7, 32x32 and
            64x64 from 4x4.
        latent: how many standard normal numbers a picture is made from.
        hidden: units of a layer before the projection, as in the network of Chen et al. 2016 (arXiv:1606.03657) for
            MNIST. It also sees which of the latent numbers is the largest, so that pictures fall into modes; without
            that, strokes of several digits meet in one picture. The paper's generator has no such layer (0) and is
            deeper.
        filters: channels before the last up-sampler, and twice the number before each earlier one; the discriminator
            has the same.

    Input shape: `(batch, latent)`. Output shape: `(batch, height, width, channels)` in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras

    check_generator(latent, hidden, filters)
    grid, doublings = coarse_grid(image_shape)
    channels = [filters * 2**number for number in reversed(range(doublings))]

    code = keras.Input((latent,), name="latent")
    x = project(code, grid, channels[0], hidden, MODE, _small)
    for number, width in enumerate(channels[1:], 1):
        x = upsampler(width, 3, 2, use_bias=False, kernel_initializer=_small(), name=f"up{number}")(x)
        x = normalised(x, str(number))
    last = upsampler(image_shape[-1], 3, 2, activation="sigmoid", kernel_initializer=_small(), name=f"up{doublings}")
    return keras.Model(code, last(x), name=f"dcgan_{upsampler.name}")


def _small() -> "keras.initializers.Initializer":
    from keras import initializers

    return initializers.RandomNormal(stddev=DEVIATION)
