"""Luma, bicubic degradation, reading and writing pictures; knows no model."""

from zoo.imaging.bicubic import cropped, degrade, enlarge
from zoo.imaging.luma import luma, rgb_to_ycbcr, ycbcr_to_rgb

__all__ = ["cropped", "degrade", "enlarge", "luma", "rgb_to_ycbcr", "ycbcr_to_rgb"]
