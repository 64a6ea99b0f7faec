"""Write picture files, atomically."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo.imaging.encoding import FORMATS_WITH_LOSS, Encoding, encode, sized
from zoo.imaging.lossless_avif import REMEDY, can_write_lossless_avif
from zoo.imaging.metadata import EXIF_HEAD
from zoo.imaging.pictures import Picture, PictureError
from zoo.imaging.pillow_images import with_profile
from zoo.system.files import written_beside

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


def check_encoding(path: Path, encoding: Encoding) -> None:
    """Raise `PictureError` if nothing may be lost, and the format of a file always loses something."""
    kind = format_of(path)
    if encoding.lossless and kind == "JPEG":
        raise PictureError(f"{path} cannot be lossless in JPEG; write a .webp, .avif or .png")
    if encoding.lossless and kind == "AVIF" and not can_write_lossless_avif():
        raise PictureError(f"{path} cannot be lossless in AVIF without pyvips: {REMEDY}, or write a .webp or .png")


def has_loss(path: Path) -> bool:
    """Return whether the format of a file has a quality, as JPEG, WebP and AVIF do."""
    return format_of(path) in FORMATS_WITH_LOSS


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
    if dtype != np.uint8 and kind != "PNG" and (kind != "TIFF" or channels == 2):
        keeps = "keeps 8" if kind != "TIFF" else "keeps 8 of grey with transparency"
        raise PictureError(f"{path} would lose bits: the picture has 16 and {kind} {keeps}; write a .png")
    if channels in (2, 4) and kind in ("JPEG", "BMP"):
        raise PictureError(f"{path} would lose the transparency, which {kind} cannot hold; write a .png or .webp")
    if kind == "BMP" and profile:
        raise PictureError(f"{path} would lose the colour profile, which BMP cannot hold; write a .png or .tif")
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
    metadata, written, lost = picture.metadata, sized(picture, kind), []
    for name, limit in _METADATA_LIMITS.get(kind, {}).items():
        content = getattr(metadata, name)
        if content and len(getattr(written, name)) > limit:
            reason = f"{kind} holds at most {limit:,}" if limit else f"{kind} holds none"
            lost.append(f"{path} is written without the picture's {name.upper()} of {len(content):,} bytes: {reason}")
            metadata = dataclasses.replace(metadata, **{name: None})
    return dataclasses.replace(picture, metadata=metadata), lost


def write_picture(path: Path, picture: Picture, encoding: Encoding | None = None) -> None:
    """Write a picture in the format of the file's suffix, with its metadata as far as the format holds them.

    A reader sees the old file or the whole new one.

    Args:
        path: the file.
        picture: the picture.
        encoding: of the formats with loss; `Encoding()` by default. JPEG and AVIF keep the full resolution of colours.

    Raises:
        PictureError: as for `check_encoding`, `check_writable` and `fitted`, or the encoder fails.
        OSError: the disk is full, or the folder does not exist or cannot be written to.
    """
    encoding = encoding or Encoding()
    check_encoding(path, encoding)
    picture, _ = fitted(path, picture)
    check_writable(path, picture.pixels.shape, picture.pixels.dtype, picture.profile)
    with written_beside(path) as file, _explained(path):
        encode(file, format_of(path), picture, encoding)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Report errors of encoders, which are of many types, as `PictureError`."""
    try:
        yield
    except (OSError, MemoryError, PictureError):
        raise
    except Exception as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise PictureError(f"{path} cannot be written: {reason}") from error
