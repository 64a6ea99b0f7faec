"""Read and write the chunks of a PNG that say how its colours look, and those that hold metadata."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.imaging.pictures import Metadata

if TYPE_CHECKING:
    from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CODING = b"cICP"
_INCH = 0.0254


def colour_chunks(image: "Image.Image", path: Path | None = None) -> dict[bytes, bytes]:
    """Return name and content of the chunks cICP, sRGB, gAMA and cHRM of a decoded PNG; nothing for other formats.

    Args:
        image: an image that Pillow opened.
        path: its file. Without it, cICP is not found, because Pillow does not read it.
    """
    if image.format not in ("PNG", None):
        return {}
    info, chunks = image.info, {}
    # Pillow divides these numbers by 100,000.
    if "gamma" in info:
        chunks[b"gAMA"] = struct.pack(">I", round(info["gamma"] * 100_000))
    if "chromaticity" in info:
        chunks[b"cHRM"] = struct.pack(">8I", *(round(value * 100_000) for value in info["chromaticity"]))
    if "srgb" in info:
        chunks[b"sRGB"] = bytes([info["srgb"]])
    coding = _coding(path) if path else None
    return {_CODING: coding, **chunks} if coding else chunks


def metadata_chunks(metadata: Metadata) -> dict[bytes, bytes]:
    """Return the chunks that hold metadata."""
    chunks = {}
    if metadata.dpi:
        wide, high = (round(dpi / _INCH) for dpi in metadata.dpi)
        chunks[b"pHYs"] = struct.pack(">IIB", wide, high, 1)
    if metadata.exif:
        chunks[b"eXIf"] = metadata.exif
    if metadata.xmp:
        chunks[b"iTXt"] = b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp
    return chunks


def without_contradiction(chunks: Mapping[bytes, bytes], profile: bytes | None) -> dict[bytes, bytes]:
    """Return chunks without sRGB if there is a profile: PNG allows only one of the two."""
    return {kind: body for kind, body in chunks.items() if kind != b"sRGB" or not profile}


def _coding(path: Path) -> bytes | None:
    """Return the content of the chunk cICP, which comes before the pixels, or None."""
    with path.open("rb") as file:
        file.seek(len(PNG_SIGNATURE))
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            if kind == b"IDAT":
                return None
            if kind != _CODING:
                file.seek(size + 4, 1)
                continue
            body, checksum = file.read(4), file.read(4)
            return body if size == 4 and checksum == struct.pack(">I", zlib.crc32(kind + body)) else None
    return None
