"""Define the layers of families that are not up-samplers, and list every custom layer."""

from zoo.system.quiet_tensorflow import import_tensorflow

# The modules below import TensorFlow.
import_tensorflow()

from zoo.layers.collapsible_conv2d import CollapsibleConv2D
from zoo.layers.custom import CUSTOM_LAYERS, custom_objects
from zoo.layers.latent_mode import Mode
from zoo.layers.spectral_conv2d import SpectralConv2D

__all__ = ["CUSTOM_LAYERS", "CollapsibleConv2D", "Mode", "SpectralConv2D", "custom_objects"]
