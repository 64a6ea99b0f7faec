"""Read, write, resample and tile pictures, and convert them to luma; nothing here knows a model."""

from zoo.imaging.bicubic import cropped, degrade, enlarge
from zoo.imaging.encoding import Encoding
from zoo.imaging.luma import luma, rgb_to_ycbcr, ycbcr_to_rgb
from zoo.imaging.pictures import Metadata, Picture, PictureError, SeveralPicturesError
from zoo.imaging.reading import PIXEL_LIMIT, holds_picture, read_picture
from zoo.imaging.reduction import reduce_picture
from zoo.imaging.tiling import enlarge_in_tiles
from zoo.imaging.transparency import fill_transparent
from zoo.imaging.writing import SUFFIXES, check_encoding, check_writable, fitted, format_of, write_picture

__all__ = [
    "PIXEL_LIMIT",
    "SUFFIXES",
    "Encoding",
    "Metadata",
    "Picture",
    "PictureError",
    "SeveralPicturesError",
    "check_encoding",
    "check_writable",
    "cropped",
    "degrade",
    "enlarge",
    "enlarge_in_tiles",
    "fill_transparent",
    "fitted",
    "format_of",
    "holds_picture",
    "luma",
    "read_picture",
    "reduce_picture",
    "rgb_to_ycbcr",
    "write_picture",
    "ycbcr_to_rgb",
]
