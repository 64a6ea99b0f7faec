"""List every custom layer of this project, so that `.keras` files that hold them can be loaded."""

import keras

from zoo.layers.collapsible_conv2d import CollapsibleConv2D
from zoo.layers.latent_mode import Mode
from zoo.layers.spectral_conv2d import SpectralConv2D
from zoo.upsampling import ICNR, Conv2DTranspose, PhaseBias, ResizeConv2D, SubpixelConv2D

CUSTOM_LAYERS: tuple[type[keras.layers.Layer], ...] = (
    CollapsibleConv2D,
    Conv2DTranspose,
    Mode,
    PhaseBias,
    ResizeConv2D,
    SpectralConv2D,
    SubpixelConv2D,
)


def custom_objects() -> dict[str, type]:
    """Return every custom class by the name that Keras saves it under, such as `zoo>SubpixelConv2D`."""
    return {keras.saving.get_registered_name(each): each for each in (*CUSTOM_LAYERS, ICNR)}
