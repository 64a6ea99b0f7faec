"""Pictures in, larger pictures out: arrays, files and folders."""

from zoo.upscaling.picture import upscale

__all__ = ["upscale"]
