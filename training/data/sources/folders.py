"""Read folders of pictures, and the super-resolution sets that are folders under SR_DATA_DIR."""

from __future__ import annotations

import os
from pathlib import Path

from training.data.errors import SourceUnavailableError
from training.data.source_kind import Announce, SourceKind
from training.data.sources.picture_files import SUFFIXES, list_pictures
from training.data.sources.pictures import PictureSource, divide

SR_FOLDERS = {
    "t91": "T91",
    "bsds400": "BSDS400",
    "openphotos": "OpenPhotos",
    "set5": "Set5",
    "set14": "Set14",
}
"""Folders under SR_DATA_DIR that recipes and pages name; any other one has its own name, in lower case."""

EVALUATION_ONLY = frozenset({"set5", "set14"})

FOLDER = "folder:"


class NamedFolders(SourceKind):
    """Open the super-resolution sets that are folders under SR_DATA_DIR."""

    names = tuple(SR_FOLDERS)
    evaluation_only = EVALUATION_ONLY

    def matches(self, text: str) -> bool:
        """Return whether the name is that of a known set, or of another folder under SR_DATA_DIR."""
        return text in SR_FOLDERS or text in _other_folders()

    def check_files(self, text: str) -> None:
        """Raise `SourceUnavailableError` unless the folder exists and holds a picture."""
        check_folder(text, sr_folder(text))

    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> PictureSource:
        """Open the set of that name."""
        return open_folder(text, sr_folder(text), image_size)


class AnyFolder(SourceKind):
    """Open the folder that `folder:PATH` names."""

    @property
    def allowed(self) -> str:
        """Return the words by which a message lists what a user may write."""
        return f"{FOLDER}PATH"

    def matches(self, text: str) -> bool:
        """Return whether the name is that of a folder."""
        return text.startswith(FOLDER) and text != FOLDER

    def check_files(self, text: str) -> None:
        """Raise `SourceUnavailableError` unless the folder exists and holds a picture."""
        check_folder(text, folder_path(text))

    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> PictureSource:
        """Open the folder."""
        return open_folder(text, folder_path(text), image_size)


def folder_path(text: str) -> Path:
    """Return the path in `folder:PATH`."""
    return Path(text.removeprefix(FOLDER)).expanduser()


def open_folder(name: str, path: Path, image_size: int | None = None) -> PictureSource:
    """Return the pictures below a folder, divided into parts in name order.

    Raises:
        SourceError: a picture cannot be read.
    """
    names = sorted(each.relative_to(path).as_posix() for each in list_pictures(path))
    parts, hint = divide(len(names)), ""
    if name in EVALUATION_ONLY:
        parts, hint = {"test": list(range(len(names)))}, "It is for evaluation only and never trained on."
    elif name == "t91":
        parts, hint = {"train": list(range(len(names)))}, "Join a set that has one, such as t91+bsds400."
    elif name == "bsds400":
        held_out = list(range(19, len(names), 20))
        kept = [number for number in range(len(names)) if number % 20 != 19]
        parts, hint = {"train": kept, "validation": held_out}, "Test on set5, set14 or a folder."
    elif "train" not in parts:
        hint = f"Training needs at least 3 pictures; {path} has {len(names)}."
    return PictureSource(name, [path / each for each in names], names, parts=parts, image_size=image_size, hint=hint)


def check_folder(name: str, path: Path) -> None:
    """Raise `SourceUnavailableError` unless `path` is a folder with a picture in it."""
    if not path.is_dir():
        reason = f"{path} {'is not a folder' if path.exists() else 'does not exist'}"
    elif next(list_pictures(path), None) is None:
        reason = f"{path} holds no pictures"
    else:
        return
    suffixes = ", ".join(sorted(SUFFIXES))
    raise SourceUnavailableError(f"{name} cannot be read: {reason}", f"Give a folder of pictures ({suffixes}).")


def sr_folder(name: str) -> Path:
    """Return the folder of a named super-resolution set.

    Raises:
        SourceUnavailableError: SR_DATA_DIR does not say where such sets are.
    """
    root = os.environ.get("SR_DATA_DIR")
    if not root:
        raise SourceUnavailableError(
            f"{name} cannot be read: SR_DATA_DIR is not set",
            f"Set it to the folder that holds {', '.join(SR_FOLDERS.values())}, or take DATA=photos or folder:PATH.",
        )
    return Path(root).expanduser() / (SR_FOLDERS.get(name) or _other_folders()[name])


def _other_folders() -> dict[str, str]:
    """Return the folders under SR_DATA_DIR that are not in `SR_FOLDERS`, by their names in lower case."""
    root = os.environ.get("SR_DATA_DIR")
    if not root or not Path(root).expanduser().is_dir():
        return {}
    names = sorted(path.name for path in Path(root).expanduser().iterdir() if path.is_dir())
    return {name.lower(): name for name in names if name.lower() not in SR_FOLDERS}
