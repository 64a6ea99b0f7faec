"""Read and write TIFF files of more than 8 bits per sample, whose colours Pillow would reduce to 8."""

import re
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from zoo.arrays import Array
from zoo.imaging.pictures import Picture

if TYPE_CHECKING:
    from PIL import Image

_BITS, _PHOTOMETRIC, _MIN_IS_WHITE = 258, 262, 0
_WIDTH, _HEIGHT, _COMPRESSION, _STRIP_START, _SAMPLES, _STRIP_ROWS, _STRIP_BYTES = 256, 257, 259, 273, 277, 278, 279
_X_RESOLUTION, _Y_RESOLUTION, _UNIT, _INCH, _EXTRA, _ALPHA, _PROFILE = 282, 283, 296, 2, 338, 2, 34675
_INTERLEAVED = re.compile(r"(RGB|RGBX|RGBA|RGBa);16([LBN])")
_OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


def read_deep_tiff(path: Path, image: "Image.Image") -> Array | None:
    """Return the pixels of a TIFF, turned as its orientation says, or None if 8 bits hold them.

    Args:
        path: the file.
        image: the file, opened by Pillow and not yet decoded.

    Returns:
        uint16 `[h, w, c]`: grey, RGB, or RGB and alpha.

    Raises:
        ValueError: the colours are stored in a way that cannot be read.
    """
    bits = max(image.tag_v2.get(_BITS, (1,)))
    if image.mode.startswith("I;16"):
        return _grey(image, bits)
    if bits <= 8 or image.mode not in ("RGB", "RGBA"):
        return None
    form = _INTERLEAVED.fullmatch(image.tile[0].args[0])
    if not form:
        raise ValueError(f"its colours have {bits} bits in separate planes or in an unusual order; save it as a PNG")
    colours, order = form.groups()
    # Pillow keeps the higher of two bytes. Read in the other order, that is the lower one.
    raw = colours.upper() if colours == "RGBa" else colours
    high, low = (_bytes(path, f"{raw};16{each}") for each in (order, _OTHER_ORDER[order]))
    pixels = high.astype(np.uint16) << 8 | low
    return _divided(pixels) if colours == "RGBa" else pixels


def write_deep_tiff(file: IO[bytes], picture: Picture, described: "Image.Exif") -> None:
    """Write a TIFF of 16 bits, not compressed.

    Args:
        file: the file to write to.
        picture: uint16 `[h, w, 1, 3 or 4]`: grey, RGB, or RGB and alpha.
        described: tags of metadata.
    """
    from PIL import TiffImagePlugin, TiffTags

    height, width, channels = picture.pixels.shape
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    for tag in described:
        tags[tag] = described.get_ifd(tag) if tag in TiffTags.TAGS_V2_GROUPS else described[tag]
    tags[_WIDTH], tags[_HEIGHT], tags[_SAMPLES], tags[_COMPRESSION] = width, height, channels, 1
    tags[_BITS], tags[_PHOTOMETRIC] = (16,) * channels, 1 if channels == 1 else 2
    tags[_STRIP_ROWS], tags[_STRIP_START], tags[_STRIP_BYTES] = height, (0,), (picture.pixels.nbytes,)
    if channels == 4:
        tags[_EXTRA] = _ALPHA
    if picture.profile:
        tags[_PROFILE] = picture.profile
    if picture.metadata.dpi:
        tags[_X_RESOLUTION], tags[_Y_RESOLUTION], tags[_UNIT] = *picture.metadata.dpi, _INCH
    # Pillow adds the place where the tags end to the start of the strip.
    tags.save(file)
    file.write(np.ascontiguousarray(picture.pixels, "<u2").data)


def _bytes(path: Path, raw_mode: str) -> Array:
    from PIL import Image

    with path.open("rb") as file, Image.open(file, formats=("TIFF",)) as image:
        image.tile = [tile._replace(args=(raw_mode, *tile.args[1:])) for tile in image.tile]
        return np.asarray(image)


def _grey(image: "Image.Image", bits: int) -> Array:
    pixels = np.asarray(image).astype(np.uint16)[..., None]
    if bits < 16:
        pixels = np.rint(pixels * (65535 / (2**bits - 1))).astype(np.uint16)
    return 65535 - pixels if image.tag_v2.get(_PHOTOMETRIC) == _MIN_IS_WHITE else pixels


def _divided(pixels: Array) -> Array:
    """Divide colours by alpha, which they were multiplied by."""
    alpha = np.maximum(pixels[..., 3:], 1)
    colours = np.minimum(np.rint(pixels[..., :3] * (65535 / alpha)), 65535).astype(np.uint16)
    return np.concatenate([colours, pixels[..., 3:]], -1)
