"""Hold pictures with what a file says about their pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zoo.arrays import Array


class PictureError(ValueError):
    """Report a picture that cannot be read or written; the message names the file and the reason."""


class SeveralPicturesError(PictureError):
    """Report a file that does not hold one still picture: an animation, pages, or a preview in front of another."""


@dataclass(frozen=True)
class Metadata:
    """Hold what a file says about a picture that does not change how it looks on a screen.

    Attributes:
        dpi: pixels per inch along the width and the height, or None.
        exif: EXIF from its byte order on, without orientation, size and thumbnail, or None.
        xmp: XMP in UTF-8, or None.
    """

    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None


@dataclass(frozen=True)
class Picture:
    """Hold an upright picture.

    Attributes:
        pixels: uint8 or uint16 `[h, w, c]`: grey, grey and alpha, RGB, or RGB and alpha, for c from 1 to 4. Colours
            are not multiplied by alpha.
        profile: its ICC colour profile, or None.
        colour: content of PNG's chunks cICP, sRGB, gAMA and cHRM, which say how values look, by name.
        metadata: what else its file says.
    """

    pixels: Array
    profile: bytes | None = None
    colour: Mapping[bytes, bytes] = field(default_factory=dict)
    metadata: Metadata = Metadata()
