"""Write files so that a reader sees the old content or the new, never a part; read, list and digest files."""

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

LONGEST_NAME = 255
"""The largest number of bytes in a file's name on almost every file system."""


def temporary_beside(path: Path, ending: str) -> Path:
    """Return a hidden name next to `path` for its content while that is being made.

    The name has at most 255 bytes, as a file's name may have, and is UTF-8, which TensorFlow demands. The same path has
    the same name; different paths have different names.

    Args:
        path: the file or folder that the content is for.
        ending: the end of the name, in ASCII.
    """
    name = path.name.encode(errors="ignore").decode()
    if name == path.name and len(f".{name}{ending}".encode()) <= LONGEST_NAME:
        return path.with_name(f".{name}{ending}")
    ending = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}{ending}"
    # Cut whole characters: some file systems refuse a part of one.
    begin = name.encode()[: LONGEST_NAME - len(f".{ending}")].decode(errors="ignore")
    return path.with_name(f".{begin}{ending}")


@contextlib.contextmanager
def written_beside(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file next to `path` for writing; it takes the name `path` once all of it is on disk.

    If the block raises, the temporary file is removed and `path` stays as it was.
    """
    temporary = temporary_beside(path, f".{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def appears_whole(folder: Path) -> Iterator[Path]:
    """Name a temporary folder to make and fill; it takes the name `folder` once all of it is on disk.

    If the block raises, the temporary folder is removed. An existing folder of that name is replaced and never lost:
    if a process ends between the two renames, the next call restores the old folder from its temporary name.
    """
    temporary, old = (temporary_beside(folder, f".{kind}") for kind in ("part", "old"))
    shutil.rmtree(temporary, ignore_errors=True)
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    try:
        yield temporary
        for path in (temporary, *temporary.rglob("*")):
            sync(path)
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
        sync(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_parts(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder; no process may be writing there."""
    for path in folder.glob(".*.part"):
        if path.is_file():
            path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file's content, or the list of names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, atomically."""
    with written_beside(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as readable JSON, atomically.

    Raises:
        ValueError: the value holds a number that is not finite.
    """
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    r"""Write rows as CSV, atomically, with a header and "\n" as line end.

    Args:
        path: the file, in a folder that exists.
        rows: values by column. A missing value and None become an empty cell.
        columns: names of the columns in their order; by default those of all rows, in order of first appearance.

    Raises:
        ValueError: a row has a value for a column that is not listed.
    """
    write_text(path, csv_text(rows, columns))


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Return the text that `write_csv` writes for the same rows and columns."""
    rows = list(rows)
    if columns is None:
        columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file as text by column.

    Raises:
        FileNotFoundError: there is no such file.
    """
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def walk(folder: Path) -> Iterator[Path]:
    """Yield every file and every link below a folder, without following links."""
    for root, directories, files in os.walk(folder):
        here = Path(root)
        yield from (here / name for name in files)
        yield from (here / name for name in directories if (here / name).is_symlink())
