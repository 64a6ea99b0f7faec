"""`python -m zoo convert`: a file of one model in, a file of the converted model out."""

import argparse
import importlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.start import start_tensorflow

if TYPE_CHECKING:
    import keras

SUFFIX = ".keras"


class CommandError(ValueError):
    """What was asked for cannot be done; the message is one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("source", type=Path, metavar="in.keras", help="a model saved by Keras 3")
    parser.add_argument("target", type=Path, metavar="out.keras", help="where the new model goes; must not exist")
    parser.add_argument("--to", required=True, choices=("subpixel", "transpose"))
    parser.add_argument(
        "--when", default="always", choices=("always", "faster"), help="faster measures every layer here"
    )
    parser.add_argument(
        "--input-shape",
        nargs="+",
        type=_shape,
        metavar="64,64,3",
        help="height, width, channels of each input, where the model leaves them open",
    )
    parser.add_argument("--measure", action="store_true", help="put times of inference into the report")
    parser.add_argument("--saved-model", type=Path, metavar="DIR", help="export a SavedModel too; must not exist")


def run(options: argparse.Namespace) -> None:
    """Convert a file and print the report.

    Raises:
        CommandError: a file cannot be read, a name is taken, or the model cannot be converted.
        OSError: a file cannot be written; none of them is there then.
    """
    _check(options.source, options.target, options.saved_model)
    start_tensorflow()
    import tensorflow as tf
    from rich.console import Console

    from zoo.convert import convert

    tf.get_logger().setLevel("ERROR")
    console = Console(width=max(Console().width, 110))
    model = _load(options.source)
    try:
        with console.status("converting"):
            new, report = convert(model, options.to, options.when, _unpacked(options.input_shape), options.measure)
    except ValueError as error:
        raise CommandError(_first_line(error)) from error
    console.print(report.table())
    for layer in report.kept:
        console.print(f"kept {layer.name}: {layer.reason}", markup=False, highlight=False)
    if not report.layers:
        console.print(f"{options.source} has nothing to convert to {options.to}")
    _write(new, options.target, options.saved_model)
    for path in filter(None, (options.target, options.saved_model)):
        console.print(f"written to {path}", markup=False, highlight=False)


def _check(source: Path, target: Path, saved_model: Path | None) -> None:
    if not source.is_file():
        raise CommandError(f"{source} is not a file")
    if not zipfile.is_zipfile(source):
        raise CommandError(f"{source} is not a model that Keras 3 saved: a {SUFFIX} file is wanted")
    if target.suffix != SUFFIX:
        raise CommandError(f"{target} must end with {SUFFIX}")
    for path in filter(None, (target, saved_model)):
        if path.exists() or path.is_symlink():
            raise CommandError(f"{path} exists already; name another, or remove it first")
        if not path.absolute().parent.is_dir():
            raise CommandError(f"{path.absolute().parent} is not a folder")


def _load(source: Path) -> "keras.Model":
    import keras

    # Layers of this project are known by name once these are imported.
    for module in ("zoo.collapsible", "zoo.modes", "zoo.spectral", "zoo.upsampling"):
        importlib.import_module(module)

    if source.suffix != SUFFIX:
        raise CommandError(f"{source} must end with {SUFFIX}")
    try:
        model = keras.models.load_model(source, compile=False, safe_mode=True)
    except Exception as error:
        if "`Lambda` layer" in str(error):
            raise CommandError(
                f"{source} holds Python code (a Lambda layer), which is never run: write it as a layer of its own, or "
                "with keras.ops, and save the model again"
            ) from error
        raise CommandError(f"{source} cannot be loaded: {_first_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise CommandError(f"{source} holds a {type(model).__name__}, not a model")
    return model


def _write(model: "keras.Model", target: Path, saved_model: Path | None) -> None:
    """Both of what is asked for, or neither."""
    import tensorflow as tf

    beside = target.with_name(f".{target.stem}.{os.getpid()}{SUFFIX}")
    folder = saved_model.with_name(f".{saved_model.name}.{os.getpid()}") if saved_model else None
    try:
        model.save(beside)
        if folder:
            model.export(folder, verbose=False)
        _name(beside, target)
        try:
            if saved_model and folder:
                folder.rename(saved_model)
        except BaseException:
            target.unlink()
            raise
    except (OSError, tf.errors.OpError) as error:
        raise OSError(_first_line(error)) from error
    finally:
        beside.unlink(missing_ok=True)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _name(beside: Path, target: Path) -> None:
    """Give a file its name, and never replace what came to be there meanwhile, as a rename would."""
    try:
        os.link(beside, target)
    # Not every file system has links.
    except OSError:
        target.touch(exist_ok=False)
        try:
            beside.replace(target)
        except BaseException:
            target.unlink()
            raise


def _shape(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes such as 64,64,3") from None


def _unpacked(shapes: list[tuple[int, ...]] | None) -> Any:
    return shapes[0] if shapes and len(shapes) == 1 else shapes


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
