"""Make ICC profiles of what a PNG says about its colours in other ways, for formats that only know profiles."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zoo.arrays import Array

_SRGB_CHROMATICITIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
# White, red, green and blue by their number in ITU-T H.273.
_PRIMARIES = {
    1: _SRGB_CHROMATICITIES,
    2: _SRGB_CHROMATICITIES,
    5: (0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (0.3127, 0.3290, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (0.3127, 0.3290, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
# ICC's parametric curves from stored values to light, by H.273's number of the transfer: an exponent alone, or also the
# numbers a, b, c, d of (a x + b) ** g from d on, and c x below.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_VIDEO_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 6, 14, 15), _VIDEO_CURVE),
    **dict.fromkeys((2, 13), _SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
_DATE = (2000, 1, 1, 0, 0, 0)
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# Programs write sRGB's exponent and chromaticities with few digits.
_SRGB_GAMMA, _NEAR_GAMMA, _NEAR_PLACE = 45_455, 500, 0.002


@dataclass(frozen=True)
class _Colours:
    chromaticities: tuple[float, ...]
    curve: tuple[float, ...]


def profile_from(chunks: Mapping[bytes, bytes], grey: bool) -> bytes | None:
    """Return an ICC profile that says what the chunks cICP, sRGB, gAMA and cHRM say, in this order of precedence.

    Args:
        chunks: content by name.
        grey: whether the picture is grey.

    Returns:
        A profile of version 4, or None for sRGB, which a picture without a profile is taken for.

    Raises:
        ValueError: cICP names light beyond white (PQ, HLG), a narrow range, or colours that are not known here.

    Reference:
        PNG, third edition, https://www.w3.org/TR/png-3/; ICC.1:2022; ITU-T H.273.
    """
    colours = _colours(chunks)
    near = np.allclose(colours.chromaticities, _SRGB_CHROMATICITIES, rtol=0, atol=_NEAR_PLACE)
    if colours.curve == _SRGB_CURVE and (near or grey):
        return None
    return _profile(colours, grey)


def _colours(chunks: Mapping[bytes, bytes]) -> _Colours:
    if b"cICP" in chunks:
        primaries, transfer, matrix, full = chunks[b"cICP"]
        if primaries not in _PRIMARIES or transfer not in _CURVES or matrix or not full:
            raise ValueError(f"its colours are coded as cICP {primaries}, {transfer}, {matrix}, {full}")
        return _Colours(_PRIMARIES[primaries], _CURVES[transfer])
    srgb = _Colours(_SRGB_CHROMATICITIES, _SRGB_CURVE)
    if b"sRGB" in chunks:
        return srgb
    (gamma,) = struct.unpack(">I", chunks.get(b"gAMA", bytes(4)))
    places = struct.unpack(">8I", chunks.get(b"cHRM", bytes(32)))
    return _Colours(
        tuple(place / 100_000 for place in places) if _is_triangle(places) else srgb.chromaticities,
        srgb.curve if not gamma or abs(gamma - _SRGB_GAMMA) <= _NEAR_GAMMA else (100_000 / gamma,),
    )


def _is_triangle(places: tuple[int, ...]) -> bool:
    """Return whether chromaticities are possible: three primaries that are not in a line, and a white."""
    corners = np.array(places, float).reshape(4, 2)
    area = np.linalg.det(np.column_stack([corners[1:], np.ones(3)]))
    return bool((corners[:, 1] > 0).all() and abs(area) > 0)


def _profile(colours: _Colours, grey: bool) -> bytes:
    curve = b"para\0\0\0\0" + struct.pack(">HH", 0 if len(colours.curve) == 1 else 3, 0) + _numbers(colours.curve)
    contents = {b"desc": _text("Colours of a PNG"), b"cprt": _text("CC0"), b"wtpt": b"XYZ \0\0\0\0" + _numbers(_D50)}
    if grey:
        contents[b"kTRC"] = curve
    else:
        adaptation, columns = _adapted(colours.chromaticities)
        contents[b"chad"] = b"sf32\0\0\0\0" + _numbers(adaptation.ravel())
        for letter, column in zip(b"rgb", columns.T, strict=True):
            contents[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + _numbers(column)
            contents[bytes([letter]) + b"TRC"] = curve
    table, body, start = b"", b"", 128 + 4 + 12 * len(contents)
    for name, content in contents.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    # Version 4.2, a display, connected through XYZ.
    head = struct.pack(
        ">III4s4s4s6H4s", 0, 0, 0x04200000, b"mntr", b"GRAY" if grey else b"RGB ", b"XYZ ", *_DATE, b"acsp"
    )
    head += bytes(28) + _numbers(_D50) + bytes(48)
    content = head + struct.pack(">I", len(contents)) + table + body
    return struct.pack(">I", len(content)) + content[4:]


def _adapted(chromaticities: tuple[float, ...]) -> tuple[Array, Array]:
    """Return the matrix from a white to D50, and the tristimulus values of red, green and blue after it, as columns."""
    x, y = np.array(chromaticities).reshape(4, 2).T
    white, *primaries = np.column_stack([x / y, np.ones(4), (1 - x - y) / y])
    columns = np.array(primaries).T
    columns = columns * np.linalg.solve(columns, white)
    ratio = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(ratio) @ _BRADFORD
    return adaptation, adaptation @ columns


def _numbers(values: "tuple[float, ...] | Array") -> bytes:
    """Return signed numbers of 16 bits before and 16 bits after the point."""
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _text(words: str) -> bytes:
    content = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(content), 28) + content
