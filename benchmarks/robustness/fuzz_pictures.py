"""Make broken pictures: change bytes, chunks, segments, lengths and sizes of valid files, with right checksums.

A seed and a number determine a broken picture, so that it can be made again.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from PIL import Image, ImageCms

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIZES = (0, 1, 2, 7, 64, 255, 256, 999, 4_000, 10_000, 32_768, 60_000, 65_500, 65_535, 2**24, 2**31 - 1, 2**32 - 1)


def corpus(every_format: bool = False) -> list[bytes]:
    """Return small files of every kind that decoders treat differently.

    Args:
        every_format: take all formats that `python -m zoo upscale` reads, not only PNG and JPEG.
    """
    generator = np.random.default_rng(0)
    colours = generator.integers(0, 256, (19, 23, 4), np.uint8)
    smooth = np.add.outer(np.arange(40), np.arange(48))[..., None].repeat(3, -1).astype(np.uint8) * 2
    deep = generator.integers(0, 65536, (9, 11), np.uint16)
    rgb, grey = Image.fromarray(colours[..., :3]), Image.fromarray(colours[..., 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = [rgb, grey, Image.fromarray(smooth), Image.fromarray(smooth).convert("CMYK"), Image.new("RGB", (1, 1))]
    pngs = [
        *(rgb, grey, Image.fromarray(colours), Image.fromarray(colours[..., :2]), Image.fromarray(deep)),
        *(rgb.quantize(16), rgb.quantize(4), grey.convert("1"), Image.fromarray(smooth), Image.new("L", (1, 1))),
    ]
    files = [_encoded(image, "PNG") for image in pngs]
    files += [_encoded(rgb.quantize(16), "PNG", transparency=3), _encoded(grey, "PNG", transparency=9)]
    files += [_encoded(rgb, "PNG", exif=exif, icc_profile=profile, dpi=(72, 72))]
    files += [_encoded(rgb, "PNG", save_all=True, append_images=[rgb.rotate(90), rgb.rotate(180)])]
    files += [_raw_png(depth, colour, interlaced) for depth, colour in RAW for interlaced in (0, 1)]
    for options in ({}, {"progressive": True}, {"exif": exif, "icc_profile": profile}, {"restart_marker_blocks": 2}):
        files += [_encoded(image, "JPEG", **options) for image in plain]
    files += [_encoded(rgb, "JPEG", quality=100, subsampling=0), _encoded(rgb, "JPEG", comment=b"words" * 40)]
    return files + (_other_formats(Image.fromarray(colours), exif, profile) if every_format else [])


def _other_formats(colours: Image.Image, exif: Image.Exif, profile: bytes) -> list[bytes]:
    """Return files that are neither PNG nor JPEG of a picture with transparency."""
    rgb, grey = colours.convert("RGB"), colours.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    files = [_encoded(rgb, form) for form in ("GIF", "BMP", "TIFF", "JPEG2000", "PPM", "QOI", "WEBP", "AVIF")]
    files += [_encoded(colours, form) for form in ("TIFF", "JPEG2000", "QOI", "WEBP", "AVIF")]
    packings = ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
    files += [_encoded(rgb, "TIFF", compression=packing) for packing in packings]
    files += [_encoded(image, "TIFF") for image in (rgb.convert("CMYK"), rgb.convert("YCbCr"), grey, deep)]
    files += [_encoded(rgb.convert("1"), "TIFF", compression="group4"), _encoded(grey, "PPM"), _encoded(deep, "PPM")]
    files += [_encoded(rgb, form, exif=exif, icc_profile=profile, xmp=b"<x/>") for form in ("WEBP", "AVIF")]
    files += [_encoded(rgb, "GIF", save_all=True, append_images=[rgb.rotate(90)]), _encoded(rgb.quantize(9), "GIF")]
    return files


# Bit depth and colour type of PNG files: with 16 bits grey, grey with alpha, RGB and RGBA; RGBA with 8; grey with 2, 4.
RAW = [(16, 0), (16, 4), (16, 2), (16, 6), (8, 6), (2, 0), (4, 0)]


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _raw_png(depth: int, colour: int, interlaced: int) -> bytes:
    """Return a PNG of 8x8 equal pixels, of a kind that Pillow does not write."""
    row = 8 * depth * {0: 1, 2: 3, 4: 2, 6: 4}[colour] // 8
    # Each of the seven passes of Adam7: its number of rows, and the divisor of the eight pixels in a row.
    passes = [(1, 8), (1, 8), (1, 4), (2, 4), (2, 2), (4, 2), (4, 1)] if interlaced else [(8, 1)]
    rows = b"".join((b"\0" + b"\x80" * max(1, row // part)) * count for count, part in passes)
    header = struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, interlaced)
    return join_png([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


def split_png(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return name and content of the chunks of a PNG, as far as they can be separated."""
    chunks, place = [], len(SIGNATURE)
    while place + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, place)
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + size]))
        place += 12 + size
    return chunks


def join_png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG of these chunks, with right lengths and checksums."""
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def split_jpeg(content: bytes) -> list[bytes]:
    """Return the segments of a JPEG, each with its marker; the pixel data belongs to the segment before it."""
    places = [place for place in range(len(content) - 1) if content[place] == 0xFF and content[place + 1] >= 0xC0]
    return [content[start:stop] for start, stop in pairwise([0, *places[1:], len(content)])]


def mutant(files: list[bytes], seed: int, number: int) -> bytes:
    """Return one of the files, changed in one to four ways."""
    chance = random.Random(f"{seed} {number}")
    content = chance.choice(files)
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        change = chance.choice((_flip, _flip, _cut, _splice, _parts, _parts, _inside, _inside, _size, _lengths))
        content = change(content, chance, files)
    return content


Change = Callable[[bytes, random.Random, list[bytes]], bytes]


def _flip(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(changed)


def _cut(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _splice(content: bytes, chance: random.Random, files: list[bytes]) -> bytes:
    other = chance.choice(files)
    return content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other)) :]


def _parts(content: bytes, chance: random.Random, files: list[bytes]) -> bytes:
    """Remove, repeat or move a chunk or segment, or insert one of another file."""
    png = content.startswith(SIGNATURE)
    parts = split_png(content) if png else split_jpeg(content)
    others = [each for each in files if each.startswith(SIGNATURE) == png]
    if parts:
        part = parts[chance.randrange(len(parts))]
        action = chance.randrange(4)
        if action in (0, 2):
            parts.remove(part)
        if action in (1, 2):
            parts[(place := chance.randrange(len(parts) + 1)) : place] = [part] * chance.choice((1, 1, 1, 50))
        if action == 3:
            other = chance.choice(others)
            parts.insert(
                chance.randrange(len(parts) + 1), chance.choice(split_png(other) if png else split_jpeg(other))
            )
    return join_png(parts) if png else b"".join(parts)


def _inside(content: bytes, chance: random.Random, files: list[bytes]) -> bytes:
    """Change bytes of one chunk or segment; data that a PNG compresses are changed before they are compressed again."""
    if not content.startswith(SIGNATURE):
        parts = split_jpeg(content) or [b""]
        place = chance.randrange(len(parts))
        parts[place] = parts[place][:4] + _flip(parts[place][4:], chance, files)
        return b"".join(parts)
    chunks = split_png(content)
    if chunks:
        place = chance.randrange(len(chunks))
        name, body = chunks[place]
        try:
            body = zlib.compress(chance.choice((_flip, _cut))(zlib.decompress(body), chance, files))
        except zlib.error:
            body = _flip(body, chance, files)
        chunks[place] = name, body
    return join_png(chunks)


def _size(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    """Change the width, the height or both in the header."""
    changed = bytearray(content)
    for place, form in _sizes(content):
        if chance.random() < 0.7:
            largest = 2 ** (8 * struct.calcsize(form)) - 1
            struct.pack_into(form, changed, place, min(chance.choice(SIZES), largest))
    return join_png(split_png(bytes(changed))) if content.startswith(SIGNATURE) else bytes(changed)


def _sizes(content: bytes) -> Iterator[tuple[int, str]]:
    if content.startswith(SIGNATURE):
        yield from ((place, ">I") for place in (16, 20) if len(content) >= 24)
        return
    for place in range(len(content) - 9):
        if content[place] == 0xFF and content[place + 1] in (0xC0, 0xC1, 0xC2):
            yield from ((place + 5, ">H"), (place + 7, ">H"))


def _lengths(content: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    """Change the length field of a chunk or segment."""
    changed = bytearray(content)
    png = content.startswith(SIGNATURE)
    places = [len(SIGNATURE)]
    for part in split_png(content) if png else split_jpeg(content):
        places.append(places[-1] + (12 + len(part[1]) if png else len(part)))
    place = chance.choice(places) if png else chance.choice(places) - len(SIGNATURE) + 2
    form = ">I" if png else ">H"
    if place + 4 <= len(changed):
        struct.pack_into(form, changed, place, min(chance.choice(SIZES), 2 ** (8 * struct.calcsize(form)) - 1))
    return bytes(changed)
