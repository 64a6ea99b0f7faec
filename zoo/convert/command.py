"""Convert the file of a model, for `python -m zoo convert`."""

import os
import shutil
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console

from zoo.command_line import CommandError
from zoo.convert.conversion import convert
from zoo.layers import custom_objects

SUFFIX = ".keras"


def convert_file(
    source: Path,
    target: Path,
    to: str,
    *,
    when: str = "always",
    input_shapes: list[tuple[int, ...]] | None = None,
    measure: bool = False,
    saved_model: Path | None = None,
    form: str = "split",
) -> None:
    """Convert the model in a file, write the new model and print the report.

    Args:
        source: a `.keras` file.
        target: the `.keras` file to write.
        to: `"subpixel"` or `"transpose"`.
        when: as `zoo.convert.convert` takes it.
        input_shapes: height, width and channels of each input, if the model leaves them open.
        measure: put times of inference into the report.
        saved_model: a folder to export a SavedModel to in addition.
        form: as `zoo.convert.convert` takes it.

    Raises:
        CommandError: the file cannot be loaded, or the model cannot be converted.
        OSError: a file cannot be written; in that case none of them is there.
    """
    # TensorFlow would report the functions of the layers, which are all traced, as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    console = Console(width=max(Console().width, 110))
    model = _load(source)
    try:
        with console.status("converting"):
            new, report = convert(model, to, when, _unpacked(input_shapes), measure, form)
    except ValueError as error:
        raise CommandError(_first_line(error)) from error
    console.print(report.table())
    for layer in report.kept:
        console.print(f"kept {layer.name}: {layer.reason}", markup=False, highlight=False)
    if not report.layers:
        console.print(f"{source} has nothing to convert to {to}")
    _write(new, target, saved_model)
    for path in filter(None, (target, saved_model)):
        console.print(f"written to {path}", markup=False, highlight=False)


def _load(source: Path) -> keras.Model:
    if source.suffix != SUFFIX:
        raise CommandError(f"{source} must end with {SUFFIX}")
    try:
        model = keras.models.load_model(source, compile=False, safe_mode=True, custom_objects=custom_objects())
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


def _write(model: keras.Model, target: Path, saved_model: Path | None) -> None:
    """Write the file and the folder if one is given, or neither of them."""
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{SUFFIX}")
    folder = saved_model.with_name(f".{saved_model.name}.{os.getpid()}") if saved_model else None
    try:
        model.save(temporary)
        if folder:
            model.export(folder, verbose=False)
        _name(temporary, target)
        try:
            if saved_model and folder:
                folder.rename(saved_model)
        except BaseException:
            target.unlink()
            raise
    except (OSError, tf.errors.OpError) as error:
        raise OSError(_first_line(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _name(temporary: Path, target: Path) -> None:
    """Give a file its name. Unlike a rename, this never replaces a file that was created in the meantime."""
    try:
        os.link(temporary, target)
    # Not every file system has links.
    except OSError:
        target.touch(exist_ok=False)
        try:
            temporary.replace(target)
        except BaseException:
            target.unlink()
            raise


def _unpacked(shapes: list[tuple[int, ...]] | None) -> Any:
    return shapes[0] if shapes and len(shapes) == 1 else shapes


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
