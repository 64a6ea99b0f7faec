"""Read picture files with their bits, their transparency and their colour profile, upright."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.arrays import Array
from zoo.imaging.pictures import Picture, PictureError, SeveralPicturesError
from zoo.imaging.png_chunks import PNG_SIGNATURE
from zoo.system.quiet_tensorflow import import_tensorflow, silent

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
"""Pillow's names of the formats that training and `read_picture` read."""

ALL_FORMATS = (*FORMATS, "AVIF", "BMP", "GIF", "TIFF", "JPEG2000", "PPM", "QOI")
"""Pillow's names of the formats that `read_picture` reads: no decoder of them runs a program."""

PIXEL_LIMIT = 100_000_000
"""The largest number of pixels of a picture that is read, if no other is given."""

_MORE = "; most_megapixels (--most-megapixels) allows more"
_BIT_DEPTH_BYTE = 24
_TIFF_BEGINNINGS, _TIFF_KIND, _TIFF_REDUCED = (b"II", b"MM"), 254, 1


def read_picture(source: "Path | Image.Image", most_pixels: int = PIXEL_LIMIT) -> Picture:
    """Read a file of one of `ALL_FORMATS`, which its content decides and not its name; or take a Pillow image.

    Pixels become those of `picture_of`. 16 bits are kept in PNG and TIFF, and in grey pictures of other formats; of
    other colours, and in a Pillow image, Pillow keeps 8 bits.

    Args:
        source: path of the file, or an image.
        most_pixels: the largest number of pixels of a file that is read.

    Raises:
        PictureError: the file is in another format, damaged, or has more than `most_pixels` pixels, which are counted
            before anything is decoded; or `picture_of` refuses the values.
        SeveralPicturesError: the file does not hold one still picture.
    """
    from PIL import Image

    from zoo.imaging.pillow_images import is_image, picture_of

    name = f"the {source.mode} image" if is_image(source) else str(source)
    with warnings.catch_warnings(), _pillow_opens(most_pixels), _silent_libtiff(source):
        # Pillow warns of broken metadata, and of large pictures, which `most_pixels` decides about.
        warnings.simplefilter("ignore")
        try:
            return picture_of(source) if is_image(source) else _read_file(source, most_pixels)
        except PictureError:
            raise
        except Image.UnidentifiedImageError as error:
            raise PictureError(f"{name} is not a picture ({_listed()}), or its beginning is damaged") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} has more than the {most_pixels:,} pixels that are read{_MORE}") from error
        # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and more.
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
            raise PictureError(f"{name} cannot be read: {reason}") from error


@contextlib.contextmanager
def _pillow_opens(most_pixels: int) -> Iterator[None]:
    """Let Pillow open files of up to twice this number of pixels: it refuses others by a limit of its own."""
    from PIL import Image

    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, most_pixels
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@contextlib.contextmanager
def _silent_libtiff(source: "Path | Image.Image") -> Iterator[None]:
    """Hold back what libtiff writes to stderr about a damaged file, of which the exception reports enough."""
    begin = b""
    # Reading reports what is wrong with the file.
    with contextlib.suppress(OSError):
        if isinstance(source, Path):
            with source.open("rb") as file:
                begin = file.read(2)
    with silent() if begin in _TIFF_BEGINNINGS else contextlib.nullcontext():
        yield


def _read_file(path: Path, most_pixels: int) -> Picture:
    from PIL import Image

    from zoo.imaging.deep_tiff import read_deep_tiff
    from zoo.imaging.pillow_images import described, orientation, picture_of, profile_of

    # Given a name, Pillow maps the file, and reads wrong rows if a TIFF is to be turned.
    with path.open("rb") as file, Image.open(file, formats=_decoded_formats()) as image:
        check_picture(path, image, most_pixels, _MORE)
        # Pillow turns a TIFF when it decodes it.
        number = orientation(image) if image.format == "TIFF" else None
        if image.format == "TIFF":
            pixels = read_deep_tiff(path, image)
            if pixels is not None:
                image.load()
                return described(image, pixels, profile_of(image), number=number)
        image.load()
        depth = _bit_depth(path)
        if depth < 16:
            return picture_of(image, depth, path, number)
        # Pillow would reduce 16 bits to 8.
        return described(image, _read_16_bits(path, image), profile_of(image), path)


def holds_picture(path: Path) -> bool:
    """Return whether a file begins as one of `ALL_FORMATS` does; True if it cannot be opened, which reading reports."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=_decoded_formats()):
                return True
        except Image.UnidentifiedImageError:
            return False
        # Some plug-ins raise other errors at a damaged beginning.
        except Exception:
            return True


def check_picture(path: Path, image: "Image.Image", most_pixels: int = PIXEL_LIMIT, remedy: str = "") -> None:
    """Check a picture that is not yet decoded.

    Args:
        path: its file.
        image: the file, opened by Pillow.
        most_pixels: the largest number of pixels that is read.
        remedy: what to do about more pixels, to add to the message.

    Raises:
        PictureError: it has more than `most_pixels` pixels.
        SeveralPicturesError: it is one of several, as in an animation.
    """
    width, height = image.size
    if width * height > most_pixels:
        raise PictureError(f"{path} has {width}x{height} pixels; at most {most_pixels:,} are read{remedy}")
    frames = getattr(image, "n_frames", 1)
    # A camera's JPEG may hold a preview as a second picture, in the format that Pillow calls MPO.
    if frames > 1 and image.format != "MPO":
        kind = "a document of {} pages" if image.format == "TIFF" else "an animation of {} pictures"
        raise SeveralPicturesError(f"{path} is {kind.format(frames)}; save the one that is meant as a file")
    if image.format == "TIFF" and image.tag_v2.get(_TIFF_KIND, 0) & _TIFF_REDUCED:
        raise SeveralPicturesError(f"{path} begins with a reduced copy of its picture; save the picture as a file")


def _decoded_formats() -> list[str]:
    """Return those of `ALL_FORMATS` that this installation of Pillow can decode."""
    from PIL import features

    return [each for each in ALL_FORMATS if each != "AVIF" or features.check("avif")]


def _listed() -> str:
    """Return the formats as a text."""
    names = {"WEBP": "WebP", "JPEG2000": "JPEG 2000"}
    return ", ".join(names.get(each, each) for each in ALL_FORMATS)


def _bit_depth(path: Path) -> int:
    """Return the bits per sample: 1 to 16 in a PNG, and 8 in any other file."""
    with path.open("rb") as file:
        header = file.read(_BIT_DEPTH_BYTE + 1)
    return header[_BIT_DEPTH_BYTE] if header.startswith(PNG_SIGNATURE) else 8


def _read_16_bits(path: Path, image: "Image.Image") -> Array:
    """Decode a PNG of 16 bits as uint16 `[h, w, c]`."""
    import_tensorflow()
    import tensorflow as tf

    content = path.read_bytes()
    if "transparency" not in image.info:
        return tf.io.decode_png(content, dtype=tf.uint16).numpy()
    # One colour stands for transparency. TensorFlow turns it into alpha only when it decodes to four channels.
    pixels = tf.io.decode_png(content, channels=4, dtype=tf.uint16).numpy()
    return pixels if isinstance(image.info["transparency"], tuple) else pixels[..., [0, 3]]
