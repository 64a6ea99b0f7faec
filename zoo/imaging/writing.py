"""Write PNG, JPEG and WebP files, atomically."""

from pathlib import Path
from typing import IO

import numpy as np

from zoo.imaging.deep_png import write_deep_png
from zoo.imaging.pictures import Picture, PictureError
from zoo.system.files import written_beside

SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Pillow's name of the format by suffix."""

_LARGEST_SIDE = {"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383}
# Pillow refuses to read a PNG with a longer profile.
_LONGEST_PROFILE_IN_PNG = 2**20
_OPTIONS = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}}


def format_of(path: Path) -> str:
    """Return the format that a file's suffix stands for.

    Raises:
        PictureError: the suffix does not stand for PNG, JPEG or WebP.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PictureError(f"{path} must end in one of {', '.join(SUFFIXES)}, which decides the format")
    return SUFFIXES[path.suffix.lower()]


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
        PictureError: the format cannot hold 16 bits, transparency, so long a profile, or so many pixels per side.
    """
    kind = format_of(path)
    height, width, channels = shape
    if dtype != np.uint8 and kind != "PNG":
        raise PictureError(f"{path} would lose bits: the picture has 16 and {kind} keeps 8; write a .png")
    if channels in (2, 4) and kind == "JPEG":
        raise PictureError(f"{path} would lose the picture's transparency, which JPEG has not; write a .png or .webp")
    if kind == "PNG" and profile and len(profile) > _LONGEST_PROFILE_IN_PNG:
        raise PictureError(
            f"{path} could not be read again: the picture's colour profile has {len(profile):,} bytes, and a PNG "
            f"at most {_LONGEST_PROFILE_IN_PNG:,}; write a .jpg or .webp"
        )
    if max(height, width) > _LARGEST_SIDE[kind]:
        raise PictureError(
            f"{path} would have {width}x{height} pixels; {kind} has at most {_LARGEST_SIDE[kind]:,} a side"
        )


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture in the format of the file's suffix.

    JPEG and WebP have quality 95, and JPEG keeps the full resolution of colours. A reader sees the old file or the
    whole new one.

    Raises:
        PictureError: as for `check_writable`.
        OSError: the disk is full, or the folder does not exist or cannot be written to.
    """
    check_writable(path, picture.pixels.shape, picture.pixels.dtype, picture.profile)
    with written_beside(path) as file:
        if picture.pixels.dtype == np.uint8:
            _write(file, format_of(path), picture)
        else:
            write_deep_png(file, picture.pixels, picture.profile)


def _write(file: IO[bytes], kind: str, picture: Picture) -> None:
    from PIL import Image

    pixels, profile = picture.pixels, picture.profile
    if kind == "WEBP" and pixels.shape[2] < 3:
        pixels = np.concatenate([pixels[..., :1]] * 3 + [pixels[..., 1:]], -1)
        profile = None
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.save(file, kind, icc_profile=profile, **_OPTIONS[kind])
