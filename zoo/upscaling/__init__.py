"""Enlarge pictures with a network: arrays, files and folders."""

from zoo.upscaling.picture import upscale

__all__ = ["upscale"]
