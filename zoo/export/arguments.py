"""Define the arguments of `python -m zoo export`, and run it."""

import argparse
from pathlib import Path
from typing import Any

from zoo.command_line import CommandError, add_import, one_line


def add_export(commands: Any) -> argparse.ArgumentParser:
    """Add the command to those of `python -m zoo`, and return its parser."""
    export = commands.add_parser("export", help="write a model as one file for LiteRT or ONNX")
    export.add_argument(
        "source", metavar="MODEL", help="a published name, a .keras or .h5 file, or a SavedModel's folder"
    )
    export.add_argument("target", type=Path, metavar="OUT", help="the file; .tflite or .onnx decides the format")
    export.add_argument("--to", choices=("litert", "onnx"), help="must agree with the file's name")
    export.add_argument("--endpoint", help="of a SavedModel, such as serve_luma; serve by default")
    export.add_argument("--size", type=_size, metavar="HxW", help="take pictures of this size only, one at a time")
    export.add_argument("--quantise", choices=("float16", "int8", "int16"), help="for LiteRT")
    export.add_argument(
        "--calibrate", type=Path, metavar="FOLDER", help="pictures as the model will see them, for int8 and int16"
    )
    export.add_argument("--force", action="store_true", help="replace a file that exists")
    add_import(export)
    return export


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 180x320, height x width")
    return int(height), int(width)


def run_export(options: argparse.Namespace) -> None:
    """Export what the arguments name, and print how much the file differs from the original.

    Raises:
        CommandError: it cannot be exported.
    """
    from zoo.export import ExportError, MissingPackageError, export
    from zoo.imaging import PictureError

    try:
        exported = export(
            options.source,
            options.target,
            to=options.to,
            endpoint=options.endpoint,
            size=options.size,
            quantise=options.quantise,
            calibrate=options.calibrate,
            modules=options.modules,
            force=options.force,
        )
    except (ExportError, MissingPackageError, PictureError) as error:
        raise CommandError(str(error)) from error
    shuffles = sum(count for name, count in exported.operations.items() if name in ("DEPTH_TO_SPACE", "DepthToSpace"))
    quality = "" if exported.psnr is None else f", PSNR against the original {exported.psnr:.2f} dB"
    print(
        f"{one_line(exported.path)}: {exported.path.stat().st_size:,} bytes, {sum(exported.operations.values())} "
        f"operations, {shuffles} shuffles; largest difference from the original {exported.difference:.2g}{quality}"
    )
