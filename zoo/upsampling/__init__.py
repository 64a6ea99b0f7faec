"""Up-sample with learned layers: sub-pixel convolution, its twins, and the maps between their kernels."""

from zoo.upsampling.backend import require_tensorflow

# The modules below import Keras and TensorFlow. With another backend they would fail without saying what to do.
require_tensorflow()

from zoo.names import UPSAMPLERS
from zoo.upsampling.channel_order import depth_to_space_to_pixel_shuffle, pixel_shuffle_to_depth_to_space
from zoo.upsampling.conv2d_transpose import Conv2DTranspose
from zoo.upsampling.equivalence import FramedKernel, subpixel_to_transpose, transpose_to_subpixel
from zoo.upsampling.frames import SubpixelFrame, TransposeFrame
from zoo.upsampling.icnr import ICNR
from zoo.upsampling.phase_bias import PhaseBias
from zoo.upsampling.resize_conv2d import ResizeConv2D
from zoo.upsampling.resize_equivalence import resize_to_subpixel, resize_to_transpose, transpose_to_resize
from zoo.upsampling.shuffle import periodic_shuffle, shuffles_for_cpus
from zoo.upsampling.subpixel_conv2d import SubpixelConv2D
from zoo.upsampling.upsamplers import Upsampler, converted_weights, enlarges, register_upsampler, upsampler

__all__ = [
    "ICNR",
    "UPSAMPLERS",
    "Conv2DTranspose",
    "FramedKernel",
    "PhaseBias",
    "ResizeConv2D",
    "SubpixelConv2D",
    "SubpixelFrame",
    "TransposeFrame",
    "Upsampler",
    "converted_weights",
    "depth_to_space_to_pixel_shuffle",
    "enlarges",
    "periodic_shuffle",
    "pixel_shuffle_to_depth_to_space",
    "register_upsampler",
    "resize_to_subpixel",
    "resize_to_transpose",
    "shuffles_for_cpus",
    "subpixel_to_transpose",
    "transpose_to_resize",
    "transpose_to_subpixel",
    "upsampler",
]
