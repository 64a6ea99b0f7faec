"""Build ESPCN, the network that introduced the sub-pixel convolution."""

from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family(
    "espcn",
    kind="super-resolution",
    scales=(2, 3, 4),
    citation="Shi et al. 2016, Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel "
    "Convolutional Neural Network, arXiv:1609.05158",
)
def espcn(
    upsampler: "Upsampler", *, scale: int, filters: int = 64, narrow: int = 32, activation: str = "tanh"
) -> "keras.Model":
    """Build a 5x5 and a 3x3 convolution at low resolution, then the up-sampler.

    Args:
        upsampler: makes the head, the only difference between twins.
        scale: 2, 3 or 4.
        filters: channels of the first layer.
        narrow: channels of the second layer.
        activation: of both layers.

    Input shape: `(batch, height, width, 1)`, luma in 0..1. Output shape: `(batch, scale * height, scale * width, 1)`,
    not clipped.

    Raises:
        ValueError: a size or an activation that cannot be built.
    """
    import keras
    from keras import layers

    image = keras.Input((None, None, 1), name="image")
    # With one input channel, Glorot's initial kernels are so small that tanh stays in its linear range.
    large = keras.initializers.VarianceScaling(10.0, "fan_in")
    x = layers.Conv2D(filters, 5, padding="same", activation=activation, kernel_initializer=large, name="features")(
        image
    )
    x = layers.Conv2D(narrow, 3, padding="same", activation=activation, name="mapping")(x)
    # Keep the output in Keras's float type under mixed precision, which would round the picture.
    x = upsampler(1, 3, scale, dtype=keras.config.floatx(), name="head")(x)
    return keras.Model(image, x, name=f"espcn_x{scale}_{upsampler.name}")
