"""Parse the arguments of `python -m zoo upscale`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.command_line import add_import, two_sizes

if TYPE_CHECKING:
    from zoo.upscaling.picture import Tile


def add_upscale(commands: "argparse._SubParsersAction[Any]") -> argparse.ArgumentParser:
    """Add the command and its arguments to the commands of a parser, and return its own parser."""
    upscale = commands.add_parser("upscale", help="enlarge a picture, or a folder of them")
    upscale.add_argument("source", metavar="IN", type=Path, help="a picture file, or a folder")
    upscale.add_argument("target", metavar="OUT", type=Path, help="a file, or a folder for a folder")
    upscale.add_argument("--model", required=True, help="a published name, bicubic_x2 to bicubic_x9, or a .keras file")
    add_import(upscale)
    reduced = "reduce the enlargement to this width and height, antialiased, such as 1920x1080"
    upscale.add_argument("--size", type=_width_and_height, metavar="WIDTHxHEIGHT", help=reduced)
    for side in ("width", "height"):
        kept = f"reduce the enlargement to this {side}, and keep the proportions unless both are given"
        upscale.add_argument(f"--{side}", type=_count, metavar="PIXELS", help=kept)
    upscale.add_argument("--tile", type=_tile, default="auto", help="auto, off, or a side in pixels of IN")
    loss = upscale.add_mutually_exclusive_group()
    loss.add_argument("--quality", type=_quality, default=95, help="1 to 100, of JPEG, WebP and AVIF (95)")
    loss.add_argument("--lossless", action="store_true", help="lose nothing in WebP, and in AVIF, which needs pyvips")
    upscale.add_argument("--metadata", default="keep", choices=("keep", "none"), help="resolution, EXIF and XMP")
    upscale.add_argument(
        "--most-megapixels", type=_megapixels, default="100", help="the largest picture that is read (100)"
    )
    existing = upscale.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace files that exist")
    existing.add_argument("--skip-existing", action="store_true", help="skip pictures whose targets exist")
    return upscale


def _tile(text: str) -> "Tile":
    words: dict[str, Tile] = {"auto": "auto", "off": "off"}
    if text in words:
        return words[text]
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} must be auto, off, or a whole number of pixels from 1")


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of pixels from 1")


def _width_and_height(text: str) -> tuple[int, int]:
    return two_sizes(text, "WIDTHxHEIGHT", "1920x1080")


def _quality(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 100:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 to 100")


def _megapixels(text: str) -> int:
    try:
        pixels = float(text) * 1e6
    except ValueError:
        pixels = 0.0
    if 1 <= pixels < float("inf"):
        return int(pixels)
    raise argparse.ArgumentTypeError(f"{text!r} must be millions of pixels, such as 250")
