"""Define the arguments of `python -m zoo export`, and run it."""

import argparse
from pathlib import Path
from typing import Any

from zoo.command_line import DONE, CommandError, add_import, complain, one_line, two_sizes
from zoo.export.checks import check_source, check_target
from zoo.system.quiet_tensorflow import start_tensorflow


def add_export(commands: Any) -> argparse.ArgumentParser:
    """Add the command to those of `python -m zoo`, and return its parser."""
    export = commands.add_parser("export", help="write a model as one file for LiteRT or ONNX")
    export.add_argument(
        "source", metavar="MODEL", help="a published name, a .keras or .h5 file, or a SavedModel's folder"
    )
    export.add_argument("target", type=Path, metavar="OUT", help="the file; .tflite or .onnx decides the format")
    export.add_argument("--to", choices=("litert", "onnx"), help="must agree with the file's name")
    export.add_argument("--endpoint", help="of a SavedModel, such as serve_luma; serve by default")
    one_size = "take pictures of this height and width only, one at a time, such as 180x320"
    export.add_argument("--size", type=_height_and_width, metavar="HEIGHTxWIDTH", help=one_size)
    export.add_argument("--quantise", choices=("float16", "int8", "int16"), help="for LiteRT")
    export.add_argument(
        "--calibrate", type=Path, metavar="FOLDER", help="pictures as the model will see them, for int8 and int16"
    )
    export.add_argument("--force", action="store_true", help="replace a file that exists")
    add_import(export)
    return export


def _height_and_width(text: str) -> tuple[int, int]:
    return two_sizes(text, "HEIGHTxWIDTH", "180x320")


def run_export(options: argparse.Namespace) -> None:
    """Export what the arguments name, and print how much the file differs from the original.

    Raises:
        CommandError: it cannot be exported.
    """
    from zoo.export import ExportError, MissingPackageError
    from zoo.imaging import PictureError

    try:
        check_target(options.target, options.to, options.quantise, options.calibrate, force=options.force)
        check_source(options.source)
        start_tensorflow()
        from zoo.export import export

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
    for reason in exported.left_out:
        complain(options.prog, f"left out: {reason}", DONE)
    if exported.left_out:
        counts = f"pictures to calibrate with: {exported.pictures} read, {len(exported.left_out)} left out"
        complain(options.prog, counts, DONE)
    shuffles = sum(count for name, count in exported.operations.items() if name in ("DEPTH_TO_SPACE", "DepthToSpace"))
    quality = "" if exported.psnr is None else f", PSNR against the original {exported.psnr:.2f} dB"
    print(
        f"{one_line(exported.path)}: {exported.path.stat().st_size:,} bytes, {sum(exported.operations.values())} "
        f"operations, {shuffles} shuffles; largest difference from the original {exported.difference:.2g}{quality}"
    )
