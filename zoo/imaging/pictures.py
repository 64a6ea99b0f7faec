"""Hold pictures with what a file says about their pixels."""

from dataclasses import dataclass

from zoo.arrays import Array


class PictureError(ValueError):
    """Report a picture that cannot be read or written; the message names the file and the reason."""


class SeveralPicturesError(PictureError):
    """Report a file that does not hold one still picture: an animation, pages, or a preview in front of another."""


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
