"""Build the residual networks of Miyato et al. 2018 (arXiv:1802.05957), tables 4 and 5."""

from typing import TYPE_CHECKING

from zoo.models.coarse_grid import normalised

if TYPE_CHECKING:
    import keras

    from zoo.upsampling import Upsampler


def residual_features(x: "keras.KerasTensor", upsampler: "Upsampler", doublings: int) -> "keras.KerasTensor":
    """Return normalised features at a picture's size: residual blocks that double the grid.

    In the paper a block enlarges its features by repeating pixels before its first 3x3 convolution, which is the
    up-sampler `resize`. Shortcuts repeat pixels whatever the up-sampler is.

    Args:
        x: features on the coarse grid `(batch, height, width, channels)`.
        upsampler: makes the first convolution of each block.
        doublings: number of blocks.
    """
    from keras import layers

    width = x.shape[-1]
    for number in range(1, doublings + 1):
        inner = normalised(x, f"{number}a")
        inner = normalised(upsampler(width, 3, 2, use_bias=False, name=f"up{number}")(inner), f"{number}b")
        inner = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(inner)
        shortcut = layers.UpSampling2D(2, name=f"nearest{number}")(layers.Conv2D(width, 1, name=f"shortcut{number}")(x))
        x = layers.Add(name=f"block{number}")([shortcut, inner])
    return normalised(x, "_last")


def residual_logit(x: "keras.KerasTensor", filters: int) -> "keras.KerasTensor":
    """Return one logit per picture: two residual blocks that halve the grid, two that keep it, and a sum over places.

    Args:
        x: pictures `(batch, height, width, channels)`, whose sides are multiples of 4.
        filters: channels throughout.
    """
    from keras import layers

    from zoo.layers.spectral_conv2d import SpectralConv2D

    def halved(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
        return layers.AveragePooling2D(2, name=name)(x)

    for number in range(1, 5):
        # The first block sees pixels, whose signs mean nothing.
        inner = x if number == 1 else layers.ReLU(name=f"relu{number}a")(x)
        inner = layers.ReLU(name=f"relu{number}b")(SpectralConv2D(filters, 3, name=f"conv{number}a")(inner))
        inner = SpectralConv2D(filters, 3, name=f"conv{number}b")(inner)
        if number <= 2:
            inner = halved(inner, f"down{number}")
            x = halved(SpectralConv2D(filters, 1, name=f"shortcut{number}")(x), f"shortcut_down{number}")
        x = layers.Add(name=f"block{number}")([x, inner])
    places = x.shape[1] * x.shape[2]
    x = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(layers.ReLU(name="relu_last")(x))
    x = layers.Rescaling(float(places), name="sum")(x)
    return layers.Flatten(name="flatten")(SpectralConv2D(1, 1, padding="valid", name="logit")(x))
