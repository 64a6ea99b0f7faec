"""Write picture files, atomically."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from zoo.imaging.deep_png import write_deep_png
from zoo.imaging.pictures import Picture, PictureError
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
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}


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


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture in the format of the file's suffix.

    JPEG, WebP and AVIF have quality 95, and JPEG and AVIF keep the full resolution of colours; the other formats lose
    nothing. A reader sees the old file or the whole new one.

    Raises:
        PictureError: as for `check_writable`.
        OSError: the disk is full, or the folder does not exist or cannot be written to.
    """
    check_writable(path, picture.pixels.shape, picture.pixels.dtype, picture.profile)
    with written_beside(path) as file:
        if picture.pixels.dtype != np.uint8 and format_of(path) == "PNG":
            write_deep_png(file, picture.pixels, picture.profile)
        else:
            _write(file, format_of(path), picture)


def _write(file: IO[bytes], kind: str, picture: Picture) -> None:
    from zoo.imaging.pillow_images import image_of, with_colours

    # WebP stores colours alone, and so does AVIF with transparency.
    coloured = {"WEBP": (1, 2), "AVIF": (2,)}.get(kind, ())
    image = image_of(with_colours(picture) if picture.pixels.shape[2] in coloured else picture)
    image.save(file, kind, icc_profile=image.info.get("icc_profile"), **_options(kind))


def _options(kind: str) -> dict[str, Any]:
    from PIL import features

    return {} if kind == "TIFF" and not features.check("libtiff") else _OPTIONS.get(kind, {})
