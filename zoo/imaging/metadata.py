"""Read what a file says about a picture besides its pixels, without what is untrue of an upright enlargement."""

import math
import re
from typing import TYPE_CHECKING, Any

from zoo.imaging.pictures import Metadata

if TYPE_CHECKING:
    from PIL import Image

EXIF_HEAD = b"Exif\0\0"

_EXIF, _PLACE, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
# These tags of the first directory describe the picture; all others describe how its file stores it.
# Description, document, make, model, software, date, artist, host, copyright, rating, and Windows's names of some.
_DESCRIBING = (
    *(0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298),
    *(0x4746, 0x4749, 0x9003, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
)
_WIDTH, _HEIGHT = 0xA002, 0xA003
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_INCH, _CENTIMETRE = 2, 3

_UNTRUE_IN_XMP = re.compile(
    r"""\s(?:{0})=(?:"[^"<>]*"|'[^'<>]*')|<(?:{0})>[^<>]*</(?:{0})>""".format(
        "tiff:Orientation|tiff:ImageWidth|tiff:ImageLength|exif:PixelXDimension|exif:PixelYDimension"
    )
)
_THUMBNAILS = "<xmp:Thumbnails>", "</xmp:Thumbnails>"


def metadata_of(image: "Image.Image", turned: bool = False) -> Metadata:
    """Return the metadata of a decoded Pillow image; what is broken is ignored.

    EXIF keeps what describes the picture, and loses orientation, size, thumbnail and how its file stored the pixels.
    XMP loses orientation, size and thumbnails.

    Args:
        image: the image.
        turned: whether its orientation swaps height and width, and the resolutions along them.
    """
    dpi = _dpi(image)
    return Metadata(dpi[::-1] if dpi and turned else dpi, _exif(image), _xmp(image))


def exif_with(exif: bytes | None, size: tuple[int, int], dpi: tuple[float, float] | None = None) -> bytes | None:
    """Return EXIF, as in `Metadata`, with the width and height of a picture and its resolution; None if it is empty."""
    from PIL import Image

    if not exif and not dpi:
        return None
    given = Image.Exif()
    if exif:
        given.load(exif)
    if _EXIF in given:
        details = given.get_ifd(_EXIF)
        details[_WIDTH], details[_HEIGHT] = size
    if dpi:
        given[_X_RESOLUTION], given[_Y_RESOLUTION], given[_RESOLUTION_UNIT] = *dpi, _INCH
    return given.tobytes()[len(EXIF_HEAD) :]


def _exif(image: "Image.Image") -> bytes | None:
    from PIL import Image

    # Broken EXIF raises nearly anything.
    try:
        given, kept = image.getexif(), Image.Exif()
        for tag in _DESCRIBING:
            if tag in given:
                kept[tag] = given[tag]
        details: dict[int, Any] = dict(given.get_ifd(_EXIF))
        if _INTEROPERABILITY in details:
            details[_INTEROPERABILITY] = dict(given.get_ifd(_INTEROPERABILITY))
        for tag in (_WIDTH, _HEIGHT):
            details.pop(tag, None)
        for tag, content in ((_EXIF, details), (_PLACE, dict(given.get_ifd(_PLACE)))):
            if content:
                kept[tag] = content
        return kept.tobytes()[len(EXIF_HEAD) :] if len(kept) else None
    except Exception:
        return None


def _dpi(image: "Image.Image") -> tuple[float, float] | None:
    """Return pixels per inch along the width and the height, or None if the file does not say."""
    try:
        given = image.getexif()
        unit = {_INCH: 1.0, _CENTIMETRE: 2.54}.get(given.get(_RESOLUTION_UNIT, _INCH))
        # Pillow invents a resolution for a TIFF without one, and for a JPEG that has EXIF without one.
        certain = image.format != "TIFF" and (image.format not in ("JPEG", "MPO") or image.info.get("jfif_unit"))
        if certain and "dpi" in image.info:
            wide, high = image.info["dpi"]
        elif unit and _X_RESOLUTION in given and _Y_RESOLUTION in given:
            wide, high = unit * float(given[_X_RESOLUTION]), unit * float(given[_Y_RESOLUTION])
        else:
            return None
        dpi = float(wide), float(high)
        return dpi if all(math.isfinite(each) and 0 < each < 1e6 for each in dpi) else None
    except Exception:
        return None


def _xmp(image: "Image.Image") -> bytes | None:
    given = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    try:
        text = given.decode() if isinstance(given, bytes) else given
    except UnicodeDecodeError:
        return None
    if not isinstance(text, str):
        return None
    text = _UNTRUE_IN_XMP.sub("", text)
    before, start, rest = text.partition(_THUMBNAILS[0])
    _, end, after = rest.partition(_THUMBNAILS[1])
    text = before + after if start and end else text
    return text.encode(errors="ignore") or None
