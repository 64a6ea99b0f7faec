"""Build FSRCNN: shrink, map, expand, and a 9x9 deconvolution."""

from typing import TYPE_CHECKING

from zoo.registry import family

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


@family(
    "fsrcnn",
    kind="super-resolution",
    scales=(2, 3, 4),
    citation="Dong et al. 2016, Accelerating the Super-Resolution Convolutional Neural Network, arXiv:1608.00367",
)
def fsrcnn(upsampler: "Upsampler", *, scale: int, d: int = 56, s: int = 12, m: int = 4) -> "keras.Model":
    """Build FSRCNN(d, s, m): five kinds of layers, all at low resolution except the last.

    The paper's head is `transpose` with its own kernel, 9x9 for every scale. The other up-samplers take
    k = ceil(9 / scale). With `subpixel` this is the exact twin if 9 = k * scale (x3); at other scales it can compute
    all that the paper's head can, and more.

    Args:
        upsampler: makes the head, the only difference between twins.
        scale: 2, 3 or 4.
        d: channels of feature extraction and expansion.
        s: channels of the mapping between them.
        m: number of 3x3 convolutions of the mapping.

    Input shape: `(batch, height, width, 1)`, luma in 0..1. Output shape: `(batch, scale * height, scale * width, 1)`,
    not clipped.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    def convolution(x: "keras.KerasTensor", filters: int, size: int, name: str) -> "keras.KerasTensor":
        x = layers.Conv2D(filters, size, padding="same", kernel_initializer="he_normal", name=name)(x)
        return layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)

    image = keras.Input((None, None, 1), name="image")
    x = convolution(image, d, 5, "features")
    x = convolution(x, s, 1, "shrink")
    for number in range(1, m + 1):
        x = convolution(x, s, 3, f"map{number}")
    x = convolution(x, d, 1, "expand")
    # Keep the output in Keras's float type under mixed precision, which would round the picture.
    x = upsampler(1, -(-9 // scale), scale, transpose_kernel=9, dtype=keras.config.floatx(), name="head")(x)
    return keras.Model(image, x, name=f"fsrcnn_x{scale}_{upsampler.name}")
