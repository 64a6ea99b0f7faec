"""Write picture files, atomically."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from zoo.imaging.deep_png import write_deep_png
from zoo.imaging.metadata import EXIF_HEAD, exif_with
from zoo.imaging.pictures import Metadata, Picture, PictureError
from zoo.imaging.pillow_images import image_of, with_colours, with_profile
from zoo.imaging.png_chunks import metadata_chunks, without_contradiction
from zoo.system.files import written_beside

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

SUFFIXES = {
    ".png": "PNG",
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".webp": "WEBP",
    ".avif": "AVIF",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".bmp": "BMP",
}
"""Pillow's name of the format that is written, by suffix."""

_LARGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383, "AVIF": 16_384}
# Sizes in these formats are counted in 31 or 32 bits.
_LARGEST_SIDE_OF_OTHERS, _LARGEST_CONTENT = 2**31 - 1, {"TIFF": 2**32 - 2**20, "BMP": 2**31 - 2**20}
# Pillow refuses to read a PNG with a longer profile.
_LONGEST_PROFILE_IN_PNG = 2**20
# Bytes of metadata that a format holds; a JPEG's segment has 65,533, of which XMP's name takes 29.
_METADATA_LIMITS = {"JPEG": {"exif": 65_533 - len(EXIF_HEAD), "xmp": 65_504}, "BMP": {"exif": 0, "xmp": 0}}
_TIFF_XMP = 700
# Keep the full resolution of colours.
_OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"subsampling": 0}, "WEBP": {}, "AVIF": {"subsampling": "4:4:4"}}


@dataclass(frozen=True)
class Encoding:
    """Say how formats with loss encode; the others lose nothing.

    Attributes:
        quality: of JPEG, WebP and AVIF, from 1 to 100.
        lossless: lose nothing in WebP; JPEG and AVIF are refused then.
    """

    quality: int = 95
    lossless: bool = False


def check_encoding(path: Path, encoding: Encoding) -> None:
    """Raise `PictureError` if the format of a file always loses something, and nothing may be lost."""
    kind = format_of(path)
    if encoding.lossless and kind in ("JPEG", "AVIF"):
        reason = " as Pillow writes it, which rounds colours" if kind == "AVIF" else ""
        raise PictureError(f"{path} cannot be lossless in {kind}{reason}; write a .webp or .png")


def format_of(path: Path) -> str:
    """Return the format that a file's suffix stands for.

    Raises:
        PictureError: the suffix does not stand for a format that is written, or Pillow was built without it.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise PictureError(f"{path} must end in one of {', '.join(SUFFIXES)}, which decides the format")
    if kind == "AVIF":
        from PIL import features

        if not features.check("avif"):
            raise PictureError(f"{path} cannot be written: this Pillow was built without AVIF; write a .webp or .png")
    return kind


def check_writable(
    path: Path, shape: tuple[int, ...], dtype: "np.dtype[np.generic]", profile: bytes | None = None
) -> None:
    """Check that a file's format can hold a picture, before any work is done.

    Args:
        path: the file, whose suffix decides the format.
        shape: `[h, w, c]`, with 1 to 4 channels as in `Picture`.
        dtype: uint8 or uint16.
        profile: ICC colour profile, or None.

    Raises:
        PictureError: the format cannot hold 16 bits, transparency, the profile, or so many pixels.
    """
    kind = format_of(path)
    height, width, channels = shape
    if dtype != np.uint8 and kind != "PNG" and (kind, channels) != ("TIFF", 1):
        raise PictureError(f"{path} would lose bits: the picture has 16 and {kind} keeps 8; write a .png")
    if channels in (2, 4) and kind in ("JPEG", "BMP"):
        raise PictureError(f"{path} would lose the picture's transparency, which {kind} has not; write a .png or .webp")
    if kind == "BMP" and profile:
        raise PictureError(f"{path} would lose the picture's colour profile, which BMP has not; write a .png or .tif")
    if kind == "PNG" and profile and len(profile) > _LONGEST_PROFILE_IN_PNG:
        raise PictureError(
            f"{path} could not be read again: the picture's colour profile has {len(profile):,} bytes, and a PNG "
            f"at most {_LONGEST_PROFILE_IN_PNG:,}; write a .jpg or .webp"
        )
    side, content = _LARGEST_SIDE.get(kind, _LARGEST_SIDE_OF_OTHERS), _LARGEST_CONTENT.get(kind)
    if max(height, width) > side:
        raise PictureError(f"{path} would have {width}x{height} pixels; {kind} has at most {side:,} a side")
    if content and height * width * channels * dtype.itemsize > content:
        raise PictureError(f"{path} would have {width}x{height} pixels, too many for {kind}; write a .png")


def fitted(path: Path, picture: Picture) -> tuple[Picture, list[str]]:
    """Return a picture with what the format of its file can hold, and sentences about the metadata that it cannot.

    Raises:
        PictureError: the format cannot say how the picture looks.
    """
    kind = format_of(path)
    if kind != "PNG":
        try:
            picture = with_profile(picture)
        except PictureError as error:
            raise PictureError(f"{path} cannot be written: {error}") from error
    metadata, lost = picture.metadata, []
    for name, limit in _METADATA_LIMITS.get(kind, {}).items():
        content = getattr(metadata, name)
        if content and len(content) > limit:
            reason = f"{kind} holds at most {limit:,}" if limit else f"{kind} holds none"
            lost.append(f"{path} is written without the picture's {name.upper()} of {len(content):,} bytes: {reason}")
            metadata = dataclasses.replace(metadata, **{name: None})
    return dataclasses.replace(picture, metadata=metadata), lost


def write_picture(path: Path, picture: Picture, encoding: Encoding = Encoding()) -> None:
    """Write a picture in the format of the file's suffix, with its metadata as far as the format holds them.

    A reader sees the old file or the whole new one.

    Args:
        path: the file.
        picture: the picture.
        encoding: of the formats with loss. JPEG and AVIF keep the full resolution of colours.

    Raises:
        PictureError: as for `check_encoding`, `check_writable` and `fitted`.
        OSError: the disk is full, or the folder does not exist or cannot be written to.
    """
    check_encoding(path, encoding)
    picture, _ = fitted(path, picture)
    check_writable(path, picture.pixels.shape, picture.pixels.dtype, picture.profile)
    with written_beside(path) as file:
        if picture.pixels.dtype != np.uint8 and format_of(path) == "PNG":
            colour = without_contradiction(picture.colour, picture.profile)
            write_deep_png(file, picture.pixels, picture.profile, colour | metadata_chunks(_sized(picture)))
        else:
            _write(file, format_of(path), picture, encoding)


def _write(file: IO[bytes], kind: str, picture: Picture, encoding: Encoding) -> None:
    # WebP stores colours alone, and so does AVIF with transparency.
    coloured = {"WEBP": (1, 2), "AVIF": (2,)}.get(kind, ())
    picture = with_colours(picture) if picture.pixels.shape[2] in coloured else picture
    metadata, options = _sized(picture, kind), _options(kind, encoding)
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.exif and kind != "TIFF":
        options["exif"] = EXIF_HEAD + metadata.exif
    if kind == "PNG":
        options["pnginfo"] = _png_info(picture)
    elif kind == "TIFF":
        options |= _tiff_options(metadata)
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    image = image_of(dataclasses.replace(picture, colour={}, metadata=Metadata()))
    image.save(file, kind, icc_profile=picture.profile, **options)


def _options(kind: str, encoding: Encoding) -> dict[str, Any]:
    if kind not in _OPTIONS:
        return {}
    if encoding.lossless:
        # In WebP this keeps the colours of transparent pixels too. Quality is then the effort of packing.
        return {"lossless": True, "exact": True}
    return _OPTIONS[kind] | {"quality": encoding.quality}


def _sized(picture: Picture, kind: str = "PNG") -> Metadata:
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


def _tiff_options(metadata: Metadata) -> dict[str, Any]:
    from PIL import Image, features

    tags = Image.Exif()
    if metadata.exif:
        tags.load(metadata.exif)
    if metadata.xmp:
        tags[_TIFF_XMP] = metadata.xmp
    # Through libtiff, which compresses, Pillow does not write the directories that EXIF consists of.
    packed = features.check("libtiff") and not metadata.exif
    return {"tiffinfo": tags, "compression": "tiff_adobe_deflate" if packed else "raw"}
