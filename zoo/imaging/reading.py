"""Read PNG, JPEG and WebP files with all their bits, their transparency and their colour profile, upright."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.arrays import Array
from zoo.system.quiet_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
"""Pillow's names of the formats that are read."""

PIXEL_LIMIT = 100_000_000
"""The largest number of pixels of a picture that is read."""

_EXIF_ORIENTATION = 0x0112
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH_BYTE = 24


class PictureError(ValueError):
    """Report a picture that cannot be read or written; the message names the file and the reason."""


@dataclass(frozen=True)
class Picture:
    """Hold an upright picture.

    Attributes:
        pixels: uint8 or uint16 `[h, w, c]`: grey, grey and alpha, RGB, or RGB and alpha, for c from 1 to 4. Colours
            are not multiplied by alpha.
        profile: its ICC colour profile, or None.
    """

    pixels: Array
    profile: bytes | None = None


def read_picture(path: Path) -> Picture:
    """Read a PNG, JPEG or WebP file, whose content decides its format and not its name.

    Palettes, single bits and CMYK become RGB or grey. 16 bits are kept. The pixels are turned to the orientation that
    EXIF names.

    Raises:
        PictureError: the file is in another format, damaged, animated, or has more than `PIXEL_LIMIT` pixels, which are
            counted before anything is decoded.
    """
    from PIL import Image

    with warnings.catch_warnings():
        # Pillow warns of broken metadata, and of large pictures, which the limit above decides about.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                check_picture(path, image)
                image.load()
                depth = _bit_depth(path)
                # Pillow would reduce 16 bits to 8.
                pixels, profile = (
                    (_read_16_bits(path, image), _profile(image)) if depth == 16 else _convert_8_bits(image, depth)
                )
                return Picture(_upright(pixels, _orientation(image)), profile)
        except PictureError:
            raise
        except Image.UnidentifiedImageError as error:
            raise PictureError(f"{path} is not a PNG, JPEG or WebP picture, or its beginning is damaged") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{path} has more than the {PIXEL_LIMIT:,} pixels that are read") from error
        # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and more.
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
            raise PictureError(f"{path} cannot be read: {reason}") from error


def check_picture(path: Path, image: "Image.Image") -> None:
    """Raise `PictureError` if a picture, not yet decoded, has more than `PIXEL_LIMIT` pixels or is animated."""
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise PictureError(f"{path} has {width}x{height} pixels; at most {PIXEL_LIMIT:,} are read")
    # A camera's JPEG may hold a preview as a second picture, in the format that Pillow calls MPO.
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise PictureError(f"{path} is an animation of {frames} pictures; save the one that is meant as a file")


def _bit_depth(path: Path) -> int:
    """Return the bits per sample: 1 to 16 in a PNG, and 8 in any other file."""
    with path.open("rb") as file:
        header = file.read(_BIT_DEPTH_BYTE + 1)
    return header[_BIT_DEPTH_BYTE] if header.startswith(_PNG_SIGNATURE) else 8


def _read_16_bits(path: Path, image: "Image.Image") -> Array:
    """Decode a PNG of 16 bits as uint16 `[h, w, c]`."""
    start_tensorflow()
    import tensorflow as tf

    content = path.read_bytes()
    if "transparency" not in image.info:
        return tf.io.decode_png(content, dtype=tf.uint16).numpy()
    # One colour stands for transparency. TensorFlow turns it into alpha only when it decodes to four channels.
    pixels = tf.io.decode_png(content, channels=4, dtype=tf.uint16).numpy()
    return pixels if isinstance(image.info["transparency"], tuple) else pixels[..., [0, 3]]


def _convert_8_bits(image: "Image.Image", depth: int) -> tuple[Array, bytes | None]:
    """Return uint8 `[h, w, c]` and the colour profile of a decoded picture of `depth` bits per sample."""
    if image.mode == "CMYK":
        return np.asarray(_rgb_from_cmyk(image)), None
    grey = image.mode in ("1", "L", "LA")
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):
        # Pillow scales samples of 2 and 4 bits to 0..255, but not the value that stands for transparency.
        image.info["transparency"] = key % 2**depth * (255 // (2**depth - 1))
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        return pixels[..., [0, 3]] if grey else pixels, _profile(image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., None] if grey else pixels, _profile(image)


def _rgb_from_cmyk(image: "Image.Image") -> "Image.Image":
    """Convert CMYK to sRGB, by the picture's profile if it has one."""
    from PIL import ImageCms

    profile = _profile(image)
    if profile:
        try:
            return ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        # Ignore a broken profile.
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")


def _profile(image: "Image.Image") -> bytes | None:
    return image.info.get("icc_profile") or None


def _orientation(image: "Image.Image") -> int:
    """Return the EXIF orientation, or 1 (upright) if there is none."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    # Ignore broken EXIF data; the pixels are intact.
    except Exception:
        return 1


def _upright(pixels: Array, orientation: int) -> Array:
    """Turn and mirror pixels by an EXIF orientation from 2 to 8; any other number leaves them as they are."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
