"""Read PNG, JPEG and WebP files with all their bits, their transparency and their colour profile, upright."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.arrays import Array
from zoo.imaging.pictures import Picture, PictureError
from zoo.system.quiet_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
"""Pillow's names of the formats that are read."""

PIXEL_LIMIT = 100_000_000
"""The largest number of pixels of a picture that is read."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH_BYTE = 24


def read_picture(source: "Path | Image.Image") -> Picture:
    """Read a PNG, JPEG or WebP file, whose content decides its format and not its name; or take a Pillow image.

    Pixels become those of `picture_of`. 16 bits are kept; of colours of 16 bits, a Pillow image holds only 8.

    Raises:
        PictureError: the file is in another format, damaged, animated, or has more than `PIXEL_LIMIT` pixels, which are
            counted before anything is decoded; or `picture_of` refuses the values.
    """
    from PIL import Image

    from zoo.imaging.pillow_images import is_image, picture_of

    name = f"the {source.mode} image" if is_image(source) else str(source)
    with warnings.catch_warnings():
        # Pillow warns of broken metadata, and of large pictures, which the limit above decides about.
        warnings.simplefilter("ignore")
        try:
            return picture_of(source) if is_image(source) else _read_file(source)
        except PictureError:
            raise
        except Image.UnidentifiedImageError as error:
            raise PictureError(f"{name} is not a PNG, JPEG or WebP picture, or its beginning is damaged") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} has more than the {PIXEL_LIMIT:,} pixels that are read") from error
        # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and more.
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
            raise PictureError(f"{name} cannot be read: {reason}") from error


def _read_file(path: Path) -> Picture:
    from PIL import Image

    from zoo.imaging.pillow_images import orientation, picture_of, profile_of, upright

    with Image.open(path, formats=FORMATS) as image:
        check_picture(path, image)
        image.load()
        depth = _bit_depth(path)
        if depth < 16:
            return picture_of(image, depth)
        # Pillow would reduce 16 bits to 8.
        return Picture(upright(_read_16_bits(path, image), orientation(image)), profile_of(image))


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
