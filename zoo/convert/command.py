"""Convert the file of a model, for `python -m zoo convert`."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
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
from zoo.system.keras_internals import nested_layers

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
    force: bool = False,
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
        force: replace a file and a SavedModel that exist.

    Raises:
        CommandError: the file cannot be loaded, or the model cannot be converted.
        OSError: a file cannot be written; in that case both are as they were before.
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
    if report.layers:
        console.print(report.table())
    if report.converted and not report.has_multiply_adds and not input_shapes:
        _say(console, "multiply-adds are not counted: the input's size is open; give one, as in --input-shape 64,64,3")
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
    _write(new, target, saved_model, force=force)
    for path in filter(None, (target, saved_model)):
        _say(console, f"written to {path}{'' if report.converted else ', a copy: nothing was converted'}")
    if packages := _packages_of_layers(new):
        _say(console, f"to load it: import {', '.join(packages)}; keras.models.load_model({str(target)!r})")


def _packages_of_layers(model: keras.Model) -> list[str]:
    """Return the packages of this project, such as `zoo.upsampling`, that must be imported to load a model's file."""
    names = {".".join(type(layer).__module__.split(".")[:2]) for layer in nested_layers(model)}
    return sorted(name for name in names if name.startswith("zoo."))


def _say(console: Console, sentence: str) -> None:
    """Print a sentence with names as they are, on one line however long it is."""
    console.print(one_line(sentence), markup=False, highlight=False, soft_wrap=True)


def _write(model: keras.Model, target: Path, saved_model: Path | None, *, force: bool) -> None:
    """Write the file and the folder if one is given, or neither of them; replace others only with `force`."""
    temporary = temporary_beside(target, f".{os.getpid()}{SUFFIX}")
    folder = temporary_beside(saved_model, f".{os.getpid()}") if saved_model else None
    try:
        model.save(temporary)
        if folder:
            model.export(folder, verbose=False)
        with _placed(folder, saved_model, force=force):
            if force:
                temporary.replace(target)
            else:
                _name(temporary, target)
    except (OSError, tf.errors.OpError) as error:
        raise OSError(innermost_reason(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _placed(folder: Path | None, target: Path | None, *, force: bool) -> Iterator[None]:
    """Give a folder its name until the block raises; with `force`, the folder that had the name goes at the end."""
    if not folder or not target:
        yield
        return
    old = temporary_beside(target, f".{os.getpid()}.old")
    if force and target.exists():
        target.rename(old)
    try:
        folder.rename(target)
        try:
            yield
        except BaseException:
            target.rename(folder)
            raise
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


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
