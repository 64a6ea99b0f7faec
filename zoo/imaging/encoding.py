"""Write pictures with Pillow, and their metadata where each format has them."""

import dataclasses
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from zoo.imaging.deep_png import write_deep_png
from zoo.imaging.deep_tiff import write_deep_tiff
from zoo.imaging.lossless_avif import write_lossless_avif
from zoo.imaging.metadata import EXIF_HEAD, exif_with
from zoo.imaging.pictures import Metadata, Picture
from zoo.imaging.pillow_images import image_of, with_colours
from zoo.imaging.png_chunks import metadata_chunks, without_contradiction

if TYPE_CHECKING:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

_TIFF_XMP = 700
# Keep the full resolution of colours.
FORMATS_WITH_LOSS: dict[str, dict[str, Any]] = {
    "JPEG": {"subsampling": 0},
    "WEBP": {},
    "AVIF": {"subsampling": "4:4:4"},
}
"""Pillow's names of the formats that lose something, by quality, each with options that keep most of it."""


@dataclass(frozen=True)
class Encoding:
    """Say how formats with loss encode; the others lose nothing.

    Attributes:
        quality: of JPEG, WebP and AVIF, from 1 to 100.
        lossless: lose nothing in WebP and AVIF, for which AVIF needs pyvips; JPEG is refused then.
    """

    quality: int = 95
    lossless: bool = False


def encode(file: IO[bytes], kind: str, picture: Picture, encoding: Encoding) -> None:
    """Write a picture to a file in a format.

    Args:
        file: the file.
        kind: Pillow's name of the format; PNG or TIFF for 16 bits.
        picture: as `zoo.imaging.fitted` returns it.
        encoding: of formats with loss.
    """
    if picture.pixels.dtype != np.uint8:
        _encode_16_bits(file, kind, picture)
        return
    from PIL import features

    # WebP and AVIF without loss store colours alone, and so does AVIF with transparency.
    coloured = {"WEBP": (1, 2), "AVIF": (1, 2) if encoding.lossless else (2,)}.get(kind, ())
    picture = with_colours(picture) if picture.pixels.shape[2] in coloured else picture
    metadata = sized(picture, kind)
    if kind == "AVIF" and encoding.lossless:
        write_lossless_avif(file, dataclasses.replace(picture, metadata=metadata))
        return
    options = _options(kind, encoding)
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.exif and kind != "TIFF":
        options["exif"] = EXIF_HEAD + metadata.exif
    if kind == "PNG":
        options["pnginfo"] = _png_info(picture)
    elif kind == "TIFF":
        # Through libtiff, which compresses, Pillow does not write the directories that EXIF consists of.
        packed = features.check("libtiff") and not metadata.exif
        options |= {"tiffinfo": _tiff_tags(metadata), "compression": "tiff_adobe_deflate" if packed else "raw"}
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    image = image_of(dataclasses.replace(picture, colour={}, metadata=Metadata()))
    image.save(file, kind, icc_profile=picture.profile, **options)


def _options(kind: str, encoding: Encoding) -> dict[str, Any]:
    if kind not in FORMATS_WITH_LOSS:
        return {}
    if encoding.lossless:
        # In WebP this keeps the colours of transparent pixels too. Quality is then the effort of packing.
        return {"lossless": True, "exact": True}
    return FORMATS_WITH_LOSS[kind] | {"quality": encoding.quality}


def sized(picture: Picture, kind: str = "PNG") -> Metadata:
    """Return metadata with EXIF that names the size, and the resolution if the format has no other place for it."""
    height, width, _ = picture.pixels.shape
    metadata = picture.metadata
    dpi = metadata.dpi if kind in ("WEBP", "AVIF") else None
    return dataclasses.replace(metadata, exif=exif_with(metadata.exif, (width, height), dpi))


def _png_info(picture: Picture) -> "PngInfo":
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for name, content in picture.colour.items():
        info.add(name, content)
    if picture.metadata.xmp:
        info.add(b"iTXt", metadata_chunks(Metadata(xmp=picture.metadata.xmp))[b"iTXt"])
    return info


def _tiff_tags(metadata: Metadata) -> "Image.Exif":
    from PIL import Image

    tags = Image.Exif()
    if metadata.exif:
        tags.load(metadata.exif)
    if metadata.xmp:
        tags[_TIFF_XMP] = metadata.xmp
    return tags


def _encode_16_bits(file: IO[bytes], kind: str, picture: Picture) -> None:
    metadata = sized(picture, kind)
    if kind == "TIFF":
        write_deep_tiff(file, picture, _tiff_tags(metadata))
    else:
        colour = without_contradiction(picture.colour, picture.profile)
        write_deep_png(file, picture.pixels, picture.profile, colour | metadata_chunks(metadata))
