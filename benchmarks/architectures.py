"""Build networks that enlarge in plain Keras, from their papers' descriptions, for one input size."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

HEIGHT, WIDTH = 360, 640


class Case(NamedTuple):
    """Describe a network to convert.

    Attributes:
        name: of the network, for the reader.
        make: builds the network.
        goal: the smallest gain that converting it must bring; None if there is no goal.
    """

    name: str
    make: Callable[[], keras.Model]
    goal: float | None = None


def dcgan_generator() -> keras.Model:
    """Build a generator of 64x64x3 from 100 numbers (Radford et al., 2015, figure 1), with the usual 4x4/2 kernels."""
    latent = keras.Input(batch_shape=(8, 100), name="latent")
    x = layers.Reshape((4, 4, 1024))(layers.Dense(4 * 4 * 1024)(latent))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters in (512, 256, 128):
        x = layers.Conv2DTranspose(filters, 4, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(latent, layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh")(x), name="dcgan")


def vae_decoder() -> keras.Model:
    """Build the decoder of Keras's example of a variational autoencoder: 28x28x1 from two numbers, with 3x3/2."""
    latent = keras.Input(batch_shape=(64, 2), name="latent")
    x = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(latent))
    for filters in (64, 32):
        x = layers.Conv2DTranspose(filters, 3, 2, "same", activation="relu")(x)
    return keras.Model(latent, layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x), name="vae")


def unet_up_path(enlarge: Callable[[Any, int], Any]) -> keras.Model:
    """Build a U-Net's path from 8x8x1024 up to 128x128x64 (Ronneberger et al., 2015, figure 1)."""
    bottom = x = keras.Input(batch_shape=(1, 8, 8, 1024), name="bottom")
    skips = []
    for level, filters in enumerate((512, 256, 128, 64)):
        size = 16 * 2**level
        skip = keras.Input(batch_shape=(1, size, size, filters), name=f"skip_{filters}")
        x = layers.Concatenate()([enlarge(x, filters), skip])
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        skips.append(skip)
    return keras.Model([bottom, *skips], layers.Conv2D(2, 1)(x), name="unet")


def transposed(x: Any, filters: int) -> Any:
    """Double height and width with the transposed convolution of a U-Net."""
    return layers.Conv2DTranspose(filters, 2, 2)(x)


def resized(x: Any, filters: int) -> Any:
    """Double height and width with nearest-neighbour up-sampling and a 3x3 convolution."""
    return layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D()(x))


def diffusion_decoder() -> keras.Model:
    """Build the decoder of Stable Diffusion's autoencoder, from 16x16x4 to 128x128x3, with random weights.

    It has the layers of keras-hub's `VAEDecoder` with 512, 512, 256 and 128 filters and three blocks each (Rombach et
    al., 2022, https://arxiv.org/abs/2112.10752). That one is a single custom layer, whose calls cannot be read.
    """
    latent = keras.Input(batch_shape=(1, 16, 16, 4), name="latent")
    x = _residual(layers.Conv2D(512, 3, padding="same")(latent), 512)
    x = _residual(_attention(x), 512)
    for level, filters in enumerate((512, 512, 256, 128)):
        for _ in range(3):
            x = _residual(x, filters)
        if level < 3:
            x = resized(x, filters)
    return keras.Model(latent, layers.Conv2D(3, 3, padding="same")(_normalised(x)), name="diffusion_decoder")


def _residual(x: Any, filters: int) -> Any:
    y = layers.Conv2D(filters, 3, padding="same")(_normalised(x))
    y = layers.Conv2D(filters, 3, padding="same")(_normalised(y))
    return layers.Add()([x if x.shape[-1] == filters else layers.Conv2D(filters, 1)(x), y])


def _normalised(x: Any) -> Any:
    return layers.Activation("silu")(layers.GroupNormalization(32, epsilon=1e-6)(x))


def _attention(x: Any) -> Any:
    """Let each pixel attend to all others, with one head."""
    _, height, width, channels = x.shape
    normal = layers.GroupNormalization(32, epsilon=1e-6)(x)
    query, value, key = (layers.Reshape((-1, channels))(layers.Conv2D(channels, 1)(normal)) for _ in range(3))
    y = layers.Attention()([layers.Rescaling(channels**-0.5)(query), value, key])
    return layers.Add()([layers.Conv2D(channels, 1)(layers.Reshape((height, width, channels))(y)), x])


def fsrcnn(scale: int) -> keras.Model:
    """Build FSRCNN(56, 12, 4) for an output of 640x360 (Dong et al., 2016), with its 9x9 head."""
    image = x = keras.Input(batch_shape=(1, HEIGHT // scale, WIDTH // scale, 1), name="image")
    for filters, size in ((56, 5), (12, 1), *((12, 3),) * 4, (56, 1)):
        x = layers.Conv2D(filters, size, padding="same", kernel_initializer="he_normal")(x)
        x = layers.PReLU(keras.initializers.Constant(0.2), shared_axes=[1, 2])(x)
    return keras.Model(image, layers.Conv2DTranspose(1, 9, scale, "same")(x), name=f"fsrcnn_x{scale}")


def head(channels: int, filters: int, size: int, scale: int) -> keras.Model:
    """Build the last layer of a super-resolution network alone."""
    features = keras.Input(batch_shape=(1, HEIGHT // scale, WIDTH // scale, channels), name="features")
    return keras.Model(features, layers.Conv2DTranspose(filters, size, scale, "same")(features), name="head")


CASES = (
    Case("DCGAN generator, 4x4/2", dcgan_generator),
    Case("VAE decoder, 3x3/2", vae_decoder),
    Case("U-Net up path, 2x2/2", lambda: unet_up_path(transposed)),
    Case("U-Net up path, resize x2, 3x3", lambda: unet_up_path(resized)),
    Case("Stable Diffusion decoder, resize x2, 3x3", diffusion_decoder),
    *(Case(f"FSRCNN x{scale}", lambda scale=scale: fsrcnn(scale)) for scale in (2, 3, 4)),
    Case("FSRCNN head, 9x9/2", lambda: head(56, 1, 9, 2), 2.5),
    Case("FSRCNN head, 9x9/3", lambda: head(56, 1, 9, 3), 3.0),
    Case("FSRCNN head, 9x9/4", lambda: head(56, 1, 9, 4), 3.0),
    Case("head 64 to 3, 12x12/4", lambda: head(64, 3, 12, 4), 3.0),
)


def inputs_of(model: keras.Model) -> list[np.ndarray]:
    """Return standard normal inputs of a network, in its order."""
    draw = np.random.default_rng(0)
    return [draw.standard_normal(x.shape).astype(np.float32) for x in model.inputs]
