"""Learned up-sampling: sub-pixel convolution, its twins, and the maps between their kernels."""

# First, so that a wrong backend is named before anything below can fail for want of TensorFlow.
from zoo.upsampling import backend as backend  # isort: skip
from zoo.upsampling.equivalence import subpixel_to_transpose, transpose_to_subpixel
from zoo.upsampling.frames import SubpixelFrame, TransposeFrame
from zoo.upsampling.icnr import ICNR
from zoo.upsampling.phase_bias import PhaseBias
from zoo.upsampling.resize_conv2d import ResizeConv2D
from zoo.upsampling.shuffle import periodic_shuffle
from zoo.upsampling.subpixel_conv2d import SubpixelConv2D
from zoo.upsampling.upsamplers import UPSAMPLERS, Upsampler, upsampler

__all__ = [
    "ICNR",
    "UPSAMPLERS",
    "PhaseBias",
    "ResizeConv2D",
    "SubpixelConv2D",
    "SubpixelFrame",
    "TransposeFrame",
    "Upsampler",
    "periodic_shuffle",
    "subpixel_to_transpose",
    "transpose_to_subpixel",
    "upsampler",
]
