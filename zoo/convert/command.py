"""Convert the file of a model, for `python -m zoo convert`."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console

from zoo.command_line import CommandError, one_line
from zoo.convert.conversion import convert
from zoo.convert.loading import load_model
from zoo.convert.messages import innermost_reason
from zoo.formats.errors import MissingPackageError
from zoo.system.files import temporary_beside

SUFFIX = ".keras"


def convert_file(
    source: Path,
    target: Path,
    to: str,
    *,
    when: str = "always",
    input_shapes: list[tuple[int, ...]] | None = None,
    measure: bool = False,
    runtime: str = "tensorflow",
    saved_model: Path | None = None,
    modules: Sequence[str] = (),
    form: str = "split",
) -> None:
    """Convert the model in a file, write the new model and print the report.

    Args:
        source: a `.keras` or `.h5` file.
        target: the `.keras` file to write.
        to: `"subpixel"` or `"transpose"`.
        when: as `zoo.convert.convert` takes it.
        input_shapes: height, width and channels of each input, if the model leaves them open.
        measure: put times of inference into the report.
        runtime: as `zoo.convert.convert` takes it.
        saved_model: a folder to export a SavedModel to in addition.
        modules: names of modules that define custom layers of the model, to import before it is loaded.
        form: as `zoo.convert.convert` takes it.

    Raises:
        CommandError: the file cannot be loaded, or the model cannot be converted.
        OSError: a file cannot be written; in that case none of them is there.
    """
    # TensorFlow would report the functions of the layers, which are all traced, as excessive retracing.
    tf.get_logger().setLevel("ERROR")
    console = Console(width=max(Console().width, 110))
    model = load_model(source, modules)
    try:
        with console.status("converting"):
            new, report = convert(model, to, when, _unpacked(input_shapes), measure, runtime, form)
    except (ValueError, MissingPackageError) as error:
        raise CommandError(innermost_reason(error)) from error
    console.print(report.table())
    for layer in report.layers:
        if layer.reason:
            state = "not measured" if layer.converted else "kept"
            _say(console, f"{state} {layer.name}: {layer.reason}")
    if report.difference is None:
        _say(
            console,
            f"{source} was not compared with the new model: TensorFlow cannot run it here on random numbers of this "
            "size, or it returns others each time",
        )
    if not report.layers:
        _say(console, f"{source} has nothing to convert to {to}")
    _write(new, target, saved_model)
    for path in filter(None, (target, saved_model)):
        _say(console, f"written to {path}")


def _say(console: Console, sentence: str) -> None:
    """Print a sentence with names as they are, on one line however long it is."""
    console.print(one_line(sentence), markup=False, highlight=False, soft_wrap=True)


def _write(model: keras.Model, target: Path, saved_model: Path | None) -> None:
    """Write the file and the folder if one is given, or neither of them."""
    temporary = temporary_beside(target, f".{os.getpid()}{SUFFIX}")
    folder = temporary_beside(saved_model, f".{os.getpid()}") if saved_model else None
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
        raise OSError(innermost_reason(error)) from error
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
