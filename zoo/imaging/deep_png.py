"""Write PNG files of 16 bits, row by row, with a colour profile.

Pillow can only write RGB of 8 bits. TensorFlow writes 16 bits but no profile, and holds the file several times in
memory.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO

import numpy as np

from zoo.arrays import Array
from zoo.imaging.png_chunks import PNG_SIGNATURE

# PNG's colour type by number of channels: grey, grey and alpha, RGB, RGB and alpha.
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_ROWS = 64
_SUB, _UP = 1, 2


def write_deep_png(
    file: IO[bytes], pixels: Array, profile: bytes | None = None, chunks: Mapping[bytes, bytes] = MappingProxyType({})
) -> None:
    """Write a PNG of 16 bits.

    Args:
        file: the file to write to.
        pixels: uint16 `[h, w, c]`, grey, grey and alpha, RGB, or RGB and alpha, for c from 1 to 4.
        profile: ICC colour profile, or None.
        chunks: name and content of chunks to write before the pixels.

    Reference:
        PNG, third edition, https://www.w3.org/TR/png-3/
    """
    height, width, channels = pixels.shape
    file.write(PNG_SIGNATURE)
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPE[channels], 0, 0, 0))
    if profile:
        _chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    for kind, content in chunks.items():
        _chunk(file, kind, content)
    packer = zlib.compressobj(6)
    for rows in _filtered(pixels):
        packed = packer.compress(rows)
        if packed:
            _chunk(file, b"IDAT", packed)
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def _chunk(file: IO[bytes], kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind + content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))


def _filtered(pixels: Array) -> Iterator[bytes]:
    """Yield filtered rows: differences from their left or their upper neighbours, whichever are smaller."""
    height, width, channels = pixels.shape
    step = 2 * channels
    above = np.zeros((1, width * step), np.uint8)
    for first in range(0, height, _ROWS):
        rows = pixels[first : first + _ROWS].astype(">u2").reshape(-1, width * channels).view(np.uint8)
        up = rows - np.concatenate([above, rows[:-1]])
        sub = rows.copy()
        sub[:, step:] -= rows[:, :-step]
        use_up = _size(up) <= _size(sub)
        kinds = np.where(use_up, _UP, _SUB).astype(np.uint8)[:, None]
        yield np.concatenate([kinds, np.where(use_up[:, None], up, sub)], 1).tobytes()
        above = rows[-1:]


def _size(differences: Array) -> Array:
    """Return the sum of absolute differences per row; bytes above 127 stand for negative differences."""
    return np.abs(differences.view(np.int8).astype(np.int16)).sum(1, dtype=np.int64)
