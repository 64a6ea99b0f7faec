"""Layers of the families that do not up-sample."""

from zoo.layers.collapsible_conv2d import CollapsibleConv2D
from zoo.layers.custom import CUSTOM_LAYERS, custom_objects
from zoo.layers.latent_mode import Mode
from zoo.layers.spectral_conv2d import SpectralConv2D

__all__ = ["CUSTOM_LAYERS", "CollapsibleConv2D", "Mode", "SpectralConv2D", "custom_objects"]
