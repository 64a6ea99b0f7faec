"""Write AVIF files that lose nothing, with libvips, because Pillow's AVIF rounds colours."""

import importlib.util
from typing import IO

import numpy as np

from zoo.imaging.pictures import Picture

REMEDY = "pip install 'pyvips[binary]'"

_MILLIMETRES_PER_INCH = 25.4


def can_write_lossless_avif() -> bool:
    """Report whether pyvips is installed."""
    return importlib.util.find_spec("pyvips") is not None


def write_lossless_avif(file: IO[bytes], picture: Picture) -> None:
    """Write a picture as RGB without conversion to luma and chroma; a grey picture becomes RGB.

    Args:
        file: the file.
        picture: of 8 bits, its EXIF as `zoo.imaging.encoding.sized` returns it.

    Raises:
        pyvips.Error: the encoder fails.
    """
    import pyvips

    metadata = picture.metadata
    image = pyvips.Image.new_from_array(np.ascontiguousarray(picture.pixels))
    if metadata.dpi:
        # libvips writes the resolution, in pixels per millimetre, into EXIF.
        across, down = (dots / _MILLIMETRES_PER_INCH for dots in metadata.dpi)
        image = image.copy(xres=across, yres=down)
    contents = {"icc-profile-data": picture.profile, "exif-data": metadata.exif, "xmp-data": metadata.xmp}
    for name, content in contents.items():
        if content:
            image.set_type(pyvips.GValue.blob_type, name, content)
    file.write(image.heifsave_buffer(compression="av1", lossless=True, keep="all"))
