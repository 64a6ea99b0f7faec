"""Load a model that somebody else saved, also with an older Keras, without running code from the file."""

import contextlib
import importlib
import inspect
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import keras

from zoo.command_line import CommandError
from zoo.convert.messages import innermost_reason
from zoo.layers import custom_objects

# Keras 2 wrote the argument `groups` of convolutions for these layers, too, which do not have it. Keras 3 refuses it.
_WITHOUT_GROUPS = {
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
}


def load_model(path: Path, modules: Sequence[str] = ()) -> keras.Model:
    """Load a `.keras` or `.h5` file in Keras's safe mode.

    Args:
        path: the file.
        modules: names of modules to import first, because they define custom classes and functions of the model.

    Raises:
        CommandError: a module cannot be imported, or the file cannot be loaded.
    """
    known = custom_objects()
    for name in modules:
        known |= _defined_in(_imported(name))
    try:
        with _in_todays_words(path) as readable:
            model = keras.models.load_model(readable, compile=False, safe_mode=True, custom_objects=known)
    except CommandError:
        raise
    # Whatever is wrong with a file, Keras, h5py, zipfile or json may notice it first.
    except Exception as error:
        if "`Lambda` layer" in str(error):
            raise CommandError(
                f"{path} holds Python code (a Lambda layer), which is never run: write it as a layer of its own, or "
                "with keras.ops, and save the model again"
            ) from error
        reason = innermost_reason(error)
        if "Could not locate" in reason or "Unknown layer" in reason:
            reason = f"{reason.split('. ')[0]}; name the module that defines it with --import"
        raise CommandError(f"{path} cannot be loaded: {reason}") from error
    if not isinstance(model, keras.Model):
        raise CommandError(f"{path} holds a {type(model).__name__}, not a model")
    return model


def _imported(name: str) -> ModuleType:
    # A command that was installed does not look for modules in the working folder, as `python -m` does.
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise CommandError(f"{name} cannot be imported: {type(error).__name__}: {innermost_reason(error)}") from error
    finally:
        sys.path.remove(folder)


def _defined_in(module: ModuleType) -> dict[str, Any]:
    """Return the classes and functions of a module, because those that are not registered are found by their names."""
    values = vars(module).items()
    return {
        name: value
        for name, value in values
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__
    }


@contextlib.contextmanager
def _in_todays_words(path: Path) -> Iterator[Path]:
    """Yield the path of a file that Keras 3 understands: the same one, or a copy that is removed at the end."""
    old = _read_config(path)
    config = json.loads(old)
    if not _remove_groups(config):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"model{path.suffix}"
        _write_config(path, copy, json.dumps(config))
        yield copy


def _read_config(path: Path) -> str | bytes:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json")
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise CommandError(f"{path} holds no model, only weights: save the model itself")
        return file.attrs["model_config"]


def _write_config(path: Path, copy: Path, config: str) -> None:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
            for member in source.infolist():
                target.writestr(member, config if member.filename == "config.json" else source.read(member))
        return
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = config


def _remove_groups(config: Any) -> bool:
    """Remove `groups` where it means nothing, in place, and return whether it was there.

    Raises:
        CommandError: it means something.
    """
    if isinstance(config, list):
        return any([_remove_groups(value) for value in config])
    if not isinstance(config, dict):
        return False
    kind, own = config.get("class_name"), config.get("config")
    removed = False
    if kind in _WITHOUT_GROUPS and isinstance(own, dict) and config.get("registered_name") in (None, kind):
        groups = own.pop("groups", None)
        if groups not in (None, 1):
            raise CommandError(f"{own.get('name')}, a {kind}, has groups={groups}: in Keras 3 it has no groups")
        removed = groups is not None
    return any([removed, *(_remove_groups(value) for value in config.values())])
