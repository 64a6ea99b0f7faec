"""Find the pictures in a folder and below, and say what is left out."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zoo.imaging import SUFFIXES, holds_picture

_Identity = tuple[int, int]


@dataclass
class Found:
    """List what is in a folder and below.

    Attributes:
        pictures: files to read, sorted by name.
        left_out: files and folders that are not read, each with the reason.
        unread: files and folders that cannot be read.
        hidden: the number of files and folders whose names begin with a dot.
    """

    pictures: list[Path] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    unread: list[OSError] = field(default_factory=list)
    hidden: int = 0


def find_pictures(folder: Path, target: Path | None = None) -> Found:
    """Find the files in a folder and below that are pictures by their suffix or by their content.

    Links to files and folders are followed. A folder that is its own ancestor through a link is left out, and so is
    the folder `target` if one is given.
    """
    found, avoided = Found(), _identity(target) if target else None
    waiting: list[tuple[Path, tuple[_Identity, ...]]] = [(folder, ())]
    while waiting:
        place, above = waiting.pop()
        try:
            here = _identity(place)
            if here in above:
                found.left_out.append((place, "leads back to a folder that it is in"))
            elif avoided and here == avoided:
                found.left_out.append((place, "is the folder to write to"))
            else:
                inner = list(_folders(place, found))
                waiting += [(each, (*above, here)) for each in inner if here]
        except OSError as error:
            found.unread.append(error)
    found.pictures.sort()
    found.left_out.sort()
    return found


def _identity(folder: Path) -> _Identity | None:
    """Return device and inode of a folder, which all its names share, or None if there is no such folder."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _folders(folder: Path, found: Found) -> Iterator[Path]:
    """Yield the folders in a folder, and add its files to `found`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            try:
                if entry.name.startswith("."):
                    found.hidden += 1
                elif entry.is_dir():
                    yield path
                elif not entry.is_file():
                    reason = "is a link that leads nowhere" if entry.is_symlink() else "is not a file"
                    found.left_out.append((path, reason))
                elif path.suffix.lower() in SUFFIXES or holds_picture(path):
                    found.pictures.append(path)
                else:
                    found.left_out.append((path, "is not a picture"))
            # Such as a link to itself, or a folder that may be listed but not entered.
            except OSError as error:
                found.unread.append(error)
