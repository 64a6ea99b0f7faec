"""Read, write, resample and tile pictures, and convert them to luma; nothing here knows a model."""

from zoo.imaging.bicubic import cropped, degrade, enlarge
from zoo.imaging.encoding import Encoding
from zoo.imaging.luma import from_studio_range, join_colours, luma, split_colours, to_studio_range
from zoo.imaging.mirroring import mirrored, with_mirrored_edges
from zoo.imaging.pictures import Metadata, Picture, PictureError, SeveralPicturesError
from zoo.imaging.reading import PIXEL_LIMIT, holds_picture, read_picture
from zoo.imaging.reduction import reduce_picture
from zoo.imaging.tiling import enlarge_in_tiles
from zoo.imaging.transparency import fill_transparent
from zoo.imaging.writing import SUFFIXES, check_encoding, check_writable, fitted, format_of, has_loss, write_picture

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
    "from_studio_range",
    "has_loss",
    "holds_picture",
    "join_colours",
    "luma",
    "mirrored",
    "read_picture",
    "reduce_picture",
    "split_colours",
    "to_studio_range",
    "with_mirrored_edges",
    "write_picture",
]
