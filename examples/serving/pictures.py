"""Decode and encode pictures with Pillow."""

import io
import warnings

import numpy as np
from PIL import Image

MOST_PIXELS = 4_000_000
"""The largest picture that is taken. Its enlargement is computed as a whole, in floats."""


class PictureError(ValueError):
    """Report bytes that are no picture that can be enlarged; the message is one line."""


def decode(encoded: bytes) -> np.ndarray:
    """Return the pixels of a PNG or JPEG as RGB uint8 `[height, width, 3]`; transparency is dropped.

    Raises:
        PictureError: the bytes are no PNG or JPEG, are damaged, or have more than `MOST_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(encoded), formats=("PNG", "JPEG"))
            # The size comes from the header: a small file may hold a picture that does not fit into memory.
            if image.width * image.height > MOST_PIXELS:
                raise PictureError(f"{image.width}x{image.height} are more than {MOST_PIXELS:,} pixels")
            return np.asarray(image.convert("RGB"))
    except PictureError:
        raise
    except Exception as error:
        raise PictureError("the request's body is no PNG or JPEG picture, or a damaged one") from error


def encode(picture: np.ndarray) -> bytes:
    """Return a picture as a PNG."""
    content = io.BytesIO()
    # Level 1 takes a third of the time of the usual level 6, and the file is a little larger.
    Image.fromarray(picture).save(content, "PNG", compress_level=1)
    return content.getvalue()
