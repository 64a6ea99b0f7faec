"""Build SNGAN: a generator with batch normalisation, and a discriminator under spectral normalisation."""

from typing import TYPE_CHECKING

from zoo.models.coarse_grid import check_generator, coarse_grid, normalised, project, project_raw
from zoo.models.residual_gan import residual_features, residual_logit
from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler

# With twice this weight of the mode the generator draws hardly more than one picture for each mode.
MODE = 4.0


def discriminator(
    *, image_shape: tuple[int, int, int] = (28, 28, 1), filters: int = 24, residual: bool = False
) -> "keras.Model":
    """Build the discriminator: pairs of a 3x3 and a strided 4x4 convolution down to the coarse grid, and one logit.

    With `residual` it is that of the paper's residual network.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: `(batch, 1)`.
    """
    import keras
    from keras import layers

    from zoo.layers.spectral_conv2d import SpectralConv2D

    grid, doublings = coarse_grid(image_shape)
    image = keras.Input(image_shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="centred")(image)
    if residual:
        return keras.Model(image, residual_logit(x, filters), name="discriminator")
    for number in range(1, doublings + 1):
        width = filters * 2 ** (number - 1)
        x = layers.LeakyReLU(0.1, name=f"leak{number}a")(SpectralConv2D(width, 3, name=f"keep{number}")(x))
        x = layers.LeakyReLU(0.1, name=f"leak{number}b")(SpectralConv2D(width, 4, 2, name=f"down{number}")(x))
    x = SpectralConv2D(filters * 2**doublings, 3, name=f"keep{doublings + 1}")(x)
    x = layers.LeakyReLU(0.1, name=f"leak{doublings + 1}")(x)
    x = layers.Flatten(name="flatten")(SpectralConv2D(1, grid, padding="valid", name="logit")(x))
    return keras.Model(image, x, name="discriminator")


@family(
    "sngan",
    kind="generator",
    upsampling=4,
    citation="Miyato et al. 2018, arXiv:1802.05957; Shi et al. 2016, arXiv:1609.07009",
    discriminator=discriminator,
)
def sngan(
    upsampler: "Upsampler",
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    latent: int = 32,
    hidden: int = 128,
    filters: int = 24,
    residual: bool = False,
) -> "keras.Model":
    """Build the paper's convolutional generator: up-samplers to the image's size, then a 3x3 convolution.

    The paper's up-sampler is a transposed 4x4 convolution of stride 2, `transpose_2r` here. With `residual` the
    generator is the paper's residual network, whose up-sampler is `resize`; there, 256 filters, a latent of 128 and no
    hidden units are the paper's.

    Args:
        upsampler: makes all up-sampling layers, the only difference between twins.
        image_shape: height and width, multiples of 4 and at least 16, and channels. 28x28 is made from 7x7, 32x32 and
            64x64 from 4x4.
        latent: how many standard normal numbers a picture is made from.
        hidden: units of a layer before the projection that also sees the mode, as in `dcgan`; the paper has none, 0.
        filters: channels at the image's size, and twice the number before each up-sampler; the discriminator has the
            same. The residual networks have this number throughout.
        residual: build the residual network, and its discriminator.

    Input shape: `(batch, latent)`. Output shape: `(batch, height, width, channels)` in 0..1.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    check_generator(latent, hidden, filters)
    grid, doublings = coarse_grid(image_shape)
    code = keras.Input((latent,), name="latent")
    if residual:
        x = residual_features(project_raw(code, grid, filters, hidden, MODE), upsampler, doublings)
    else:
        width = filters * 2**doublings
        x = project(code, grid, width, hidden, MODE)
        for number in range(1, doublings + 1):
            width //= 2
            x = normalised(upsampler(width, 3, 2, use_bias=False, name=f"up{number}")(x), str(number))
    x = layers.Conv2D(image_shape[-1], 3, padding="same", activation="sigmoid", name="last")(x)
    return keras.Model(code, x, name=f"sngan_{upsampler.name}")
