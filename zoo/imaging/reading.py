"""Reading PNG, JPEG and WebP files as they look, with all their bits, their transparency and their colour profile."""

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
PIXEL_LIMIT = 100_000_000

_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH = 24


class PictureError(ValueError):
    """A picture that cannot be read or written; the message names the file and says why."""


@dataclass(frozen=True)
class Picture:
    """A picture, upright.

    Attributes:
        pixels: uint8 or uint16 `[h, w, c]`: grey, grey and alpha, RGB, or RGB and alpha, for c from 1 to 4. Colours
            are not multiplied by alpha.
        profile: its ICC colour profile.
    """

    pixels: Array
    profile: bytes | None = None


def read_picture(path: Path) -> Picture:
    """Read a PNG, JPEG or WebP file; its content decides what it is, not its name.

    Palettes, single bits and CMYK become RGB or grey. 16 bits are kept. The orientation that EXIF asks for is applied
    to the pixels.

    Raises:
        PictureError: not such a file, damaged, animated, or more than `PIXEL_LIMIT` pixels, which are counted before
            anything is decoded.
    """
    from PIL import Image

    with warnings.catch_warnings():
        # Pillow warns of large pictures, for which the limit here is the one that counts, and of broken metadata.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                check_picture(path, image)
                image.load()
                depth = _bit_depth(path)
                # Of 16 bits Pillow would keep 8.
                deep = depth == 16
                pixels, profile = (_deep(path, image), _profile(image)) if deep else _shallow(image, depth)
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
    """Raise `PictureError` for a picture, not decoded yet, that has more than `PIXEL_LIMIT` pixels or is animated."""
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise PictureError(f"{path} has {width}x{height} pixels; at most {PIXEL_LIMIT:,} are read")
    # A camera's JPEG may hold a preview as a second picture, in the format that Pillow calls MPO.
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise PictureError(f"{path} is an animation of {frames} pictures; save the one that is meant as a file")


def _bit_depth(path: Path) -> int:
    """Bits of a sample, 1 to 16 in a PNG and 8 in any other file."""
    with path.open("rb") as file:
        header = file.read(_BIT_DEPTH + 1)
    return header[_BIT_DEPTH] if header.startswith(_PNG) else 8


def _deep(path: Path, image: "Image.Image") -> Array:
    start_tensorflow()
    import tensorflow as tf

    content = path.read_bytes()
    if "transparency" not in image.info:
        return tf.io.decode_png(content, dtype=tf.uint16).numpy()
    # One colour stands for transparency, which TensorFlow tells apart only where four channels are asked for.
    pixels = tf.io.decode_png(content, channels=4, dtype=tf.uint16).numpy()
    return pixels if isinstance(image.info["transparency"], tuple) else pixels[..., [0, 3]]


def _shallow(image: "Image.Image", depth: int) -> tuple[Array, bytes | None]:
    if image.mode == "CMYK":
        return np.asarray(_rgb_from_cmyk(image)), None
    grey = image.mode in ("1", "L", "LA")
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):
        # Pillow spreads samples of 2 and 4 bits over 0..255, but not the one that stands for transparency.
        image.info["transparency"] = key % 2**depth * (255 // (2**depth - 1))
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        return pixels[..., [0, 3]] if grey else pixels, _profile(image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., None] if grey else pixels, _profile(image)


def _rgb_from_cmyk(image: "Image.Image") -> "Image.Image":
    """sRGB, by the profile where there is one."""
    from PIL import ImageCms

    profile = _profile(image)
    if profile:
        try:
            return ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        # A broken profile says nothing.
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")


def _profile(image: "Image.Image") -> bytes | None:
    return image.info.get("icc_profile") or None


def _orientation(image: "Image.Image") -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    # What is broken asks for nothing; the pixels are whole.
    except Exception:
        return 1


def _upright(pixels: Array, orientation: int) -> Array:
    """Pixels turned and mirrored as an EXIF orientation of 2 to 8 asks; any other leaves them."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
