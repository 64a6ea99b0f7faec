"""DCGAN: a generator of transposed convolutions in its paper, of any up-sampler here, and its discriminator."""

import math
from typing import TYPE_CHECKING

from zoo.models.coarse_grid import COARSEST, coarse_grid
from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler

DEVIATION = 0.02


def discriminator(*, image_shape: tuple[int, int, int] = (28, 28, 1), filters: int = 48) -> "keras.Model":
    """Strided 4x4 convolutions down to 4x4, and one logit.

    Where the generator's coarse grid is wider, as for 28x28, there is one convolution more than it has up-samplers:
    without it no unit sees more than 10 pixels, and samples have strokes like the data's that make no digits.

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
        normalised = number > 1
        x = layers.Conv2D(
            filters * 2 ** (number - 1),
            4,
            2,
            padding="same",
            use_bias=not normalised,
            kernel_initializer=_small(),
            name=f"down{number}",
        )(x)
        if normalised:
            x = _normalisation(f"normal{number}")(x)
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
    """The generator: a projection to the coarse grid, then up-samplers with batch normalisation between them.

    The paper's up-sampler is a transposed 4x4 convolution of stride 2, `transpose_2r` here.

    Args:
        upsampler: makes all up-sampling layers; the only thing that differs between twins.
        image_shape: height and width, multiples of 4 and at least 16, and channels. 28x28 is made from 7x7, 32x32 and
            64x64 from 4x4.
        latent: numbers that a picture is made from, standard normal.
        hidden: units of a layer before the projection, as Chen et al. 2016 (arXiv:1606.03657) have one for MNIST. It
            also sees which of the latent numbers is the largest, so that pictures fall into modes; without, strokes of
            several digits meet in one. The paper has none, 0, and its generator is deeper.
        filters: channels before the last up-sampler, twice as many before each one further up; the discriminator has
            the same.

    Input shape: `(batch, latent)`. Output shape: `(batch, height, width, channels)` in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    from zoo.layers.latent_mode import Mode

    if latent < 1 or filters < 1 or hidden < 0:
        raise ValueError(f"latent {latent} and filters {filters} must be at least 1, and hidden {hidden} at least 0")
    grid, doublings = coarse_grid(image_shape)
    channels = [filters * 2**number for number in reversed(range(doublings))]

    code = keras.Input((latent,), name="latent")
    x = code
    if hidden:
        x = layers.Dense(hidden, use_bias=False, kernel_initializer=_small(), name="hidden")(Mode(name="mode")(x))
        x = layers.ReLU(name="relu_hidden")(_normalisation("normal_hidden")(x))
    x = layers.Dense(math.prod(grid) * channels[0], use_bias=False, kernel_initializer=_small(), name="dense")(x)
    x = layers.Reshape((*grid, channels[0]), name="reshape")(x)
    x = layers.ReLU(name="relu0")(_normalisation("normal0")(x))
    for number, width in enumerate(channels[1:], 1):
        x = upsampler(width, 3, 2, use_bias=False, kernel_initializer=_small(), name=f"up{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(_normalisation(f"normal{number}")(x))
    last = upsampler(image_shape[-1], 3, 2, activation="sigmoid", kernel_initializer=_small(), name=f"up{doublings}")
    return keras.Model(code, last(x), name=f"dcgan_{upsampler.name}")


def _normalisation(name: str) -> "keras.layers.Layer":
    from keras import layers

    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, synchronized=True, name=name)


def _small() -> "keras.initializers.Initializer":
    from keras import initializers

    return initializers.RandomNormal(stddev=DEVIATION)
