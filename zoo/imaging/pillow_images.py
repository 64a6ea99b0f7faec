"""Turn decoded Pillow images of every mode into pixels, and pixels into Pillow images."""

import dataclasses
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from zoo.arrays import Array
from zoo.imaging.colour_profile import profile_from
from zoo.imaging.metadata import EXIF_HEAD, exif_with, metadata_of
from zoo.imaging.pictures import Picture, PictureError
from zoo.imaging.png_chunks import colour_chunks

if TYPE_CHECKING:
    from PIL import Image

_EXIF_ORIENTATION = 0x0112
_SWAPPING = (5, 6, 7, 8)
_GREY_MODES = ("1", "L", "LA", "La")
_INKS = 4


def is_image(value: object) -> "TypeGuard[Image.Image]":
    """Return whether a value is a Pillow image, without importing Pillow."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def picture_of(image: "Image.Image", depth: int = 8, path: Path | None = None, number: int | None = None) -> Picture:
    """Return the upright picture that a decoded Pillow image shows.

    Palettes, single bits, CMYK, YCCK, YCbCr, CIELAB and colours multiplied by alpha become grey or RGB, with alpha if
    the image has any. Grey of 16 bits stays so.

    Args:
        image: of any mode.
        depth: bits per sample in its file, which a value that stands for transparency is measured in.
        path: its file, if it was read from one.
        number: as for `described`.

    Raises:
        ValueError: there are no pixels, or their values have no known white: floats, or integers beyond 16 bits.
    """
    if 0 in image.size:
        raise ValueError("it has no pixels")
    pixels, profile = _pixels(image, depth)
    return described(image, pixels, profile, path, number)


def described(
    image: "Image.Image", pixels: Array, profile: bytes | None, path: Path | None = None, number: int | None = None
) -> Picture:
    """Return pixels as a picture that is turned upright, with all that an image says about it.

    Args:
        image: of which the pixels are, decoded.
        pixels: turned as those of `image`.
        profile: the ICC profile that describes them.
        path: of the image's file, if it was read from one.
        number: EXIF orientation of the file, if Pillow has turned the image already.
    """
    still = orientation(image)
    metadata = metadata_of(image, turned=(number or still) in _SWAPPING)
    return Picture(upright(pixels, still), profile, colour_chunks(image, path), metadata)


def image_of(picture: Picture) -> "Image.Image":
    """Return a Pillow image of a picture of 8 bits.

    Its profile is in `info["icc_profile"]`, one made of the picture's chunks if there is none, and metadata are in
    `info["dpi"]`, `info["exif"]` and `info["xmp"]`.

    Raises:
        PictureError: no profile can say how the colours look.
    """
    from PIL import Image

    pixels, metadata = picture.pixels, picture.metadata
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    exif = exif_with(metadata.exif, image.size)
    said = {
        "icc_profile": with_profile(picture).profile,
        "dpi": metadata.dpi,
        "exif": EXIF_HEAD + exif if exif else None,
        "xmp": metadata.xmp,
    }
    image.info.update({name: value for name, value in said.items() if value})
    return image


def with_profile(picture: Picture) -> Picture:
    """Return a picture that says how its colours look by an ICC profile alone, for formats that know nothing else.

    Raises:
        PictureError: no profile can say it.
    """
    # A profile takes precedence over all chunks but cICP, for which it is the second choice.
    if not picture.colour or (picture.profile and b"cICP" not in picture.colour):
        return dataclasses.replace(picture, colour={})
    try:
        profile = profile_from(picture.colour, grey=picture.pixels.shape[2] < 3)
    except ValueError as error:
        if not picture.profile:
            raise PictureError(f"no ICC profile can say how the picture looks: {error}; write a .png") from error
        profile = picture.profile
    return dataclasses.replace(picture, colour={}, profile=profile)


def with_colours(picture: Picture) -> Picture:
    """Return a grey picture of 8 bits as RGB: sRGB if it has a profile, since that describes grey alone."""
    from PIL import Image

    grey, alpha = Image.fromarray(picture.pixels[..., 0]), picture.pixels[..., 1:]
    pixels = np.concatenate([np.asarray(_converted(grey, picture.profile)), alpha], -1)
    return dataclasses.replace(picture, pixels=pixels, profile=None)


def profile_of(image: "Image.Image") -> bytes | None:
    """Return the ICC profile of a Pillow image, or None."""
    return image.info.get("icc_profile") or None


def orientation(image: "Image.Image") -> int:
    """Return the EXIF orientation, or 1 (upright) if there is none."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    # Ignore broken EXIF data; the pixels are intact.
    except Exception:
        return 1


def upright(pixels: Array, number: int) -> Array:
    """Turn and mirror pixels by an EXIF orientation from 2 to 8; any other number leaves them as they are."""
    if number in _SWAPPING:
        pixels = pixels.swapaxes(0, 1)
    if number in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if number in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _pixels(image: "Image.Image", depth: int) -> tuple[Array, bytes | None]:
    """Return `[h, w, c]` as for `picture_of`, not turned, and the colour profile that describes it."""
    if image.mode == "F":
        raise ValueError("it holds floats, whose white is not known; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        return _deep_grey(image), profile_of(image)
    if image.mode == "CMYK":
        return np.asarray(_converted(_as_cmyk(image), profile_of(image))), None
    if image.mode == "LAB":
        return np.asarray(_converted(image, None)), None
    grey, key = image.mode in _GREY_MODES, image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int):
        # Pillow scales samples of 2 and 4 bits to 0..255, but not the value that stands for transparency.
        image = image.copy()
        image.info["transparency"] = key % 2**depth * (255 // (2**depth - 1))
    if image.mode in ("La", "RGBa"):
        image = image.convert("LA" if grey else "RGBA")
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        return pixels[..., [0, 3]] if grey else pixels, profile_of(image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., None] if grey else pixels, profile_of(image)


def _deep_grey(image: "Image.Image") -> Array:
    """Return uint16 `[h, w, 1 or 2]` of an image of integers."""
    values = np.asarray(image)
    if not (values.min() >= 0 and values.max() <= 65535):
        raise ValueError(f"it holds integers from {values.min()} to {values.max()}; save it with 8 or 16 bits")
    values, key = values.astype(np.uint16), image.info.get("transparency")
    if not isinstance(key, int):
        return values[..., None]
    return np.stack([values, np.where(values == key, 0, 65535).astype(np.uint16)], -1)


def _as_cmyk(image: "Image.Image") -> "Image.Image":
    """Convert what Pillow takes for CMYK although it is YCCK: a JPEG without Adobe's marker whose chroma is coarser.

    Pillow, as libjpeg, takes every JPEG of four components without Adobe's marker for CMYK, and inverts it as Adobe
    does, which is what browsers show. Inks are never stored more coarsely than one another, but chroma often is.
    """
    from PIL import Image, ImageChops

    layers = [layer[1:3] for layer in getattr(image, "layer", [])]
    coarse = len(layers) == _INKS and layers[1] == layers[2] and layers[0] > layers[1]
    if "adobe" in image.info or not coarse:
        return image
    *colours, black = image.split()
    inks = Image.merge("YCbCr", [ImageChops.invert(channel) for channel in colours]).convert("RGB").split()
    return Image.merge("CMYK", (*inks, black))


def _converted(image: "Image.Image", profile: bytes | None) -> "Image.Image":
    """Convert CMYK or grey by its profile, if there is one, or CIELAB, to sRGB."""
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), srgb, outputMode="RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
        # Ignore a broken profile.
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")
