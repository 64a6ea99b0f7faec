"""Read the index of published models, which lists the files of each one with their sha256.

An entry can only name files inside its model's folder.
"""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

INDEX = "index.json"
CARD = Path("assets.extra") / "card.json"
SCHEMA = 1
PUBLISHED_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+(\+[a-z0-9_]+)*)?")
INDEX_LIMIT, FILE_LIMIT = 2**24, 2**31
"""The largest size of an index, and of a model's file, that is read, in bytes."""


class VerificationError(ValueError):
    """Report a published file that differs from the index."""


def read_index(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of a folder's index by model name.

    Raises:
        VerificationError: the index cannot be read, or was written by a newer version.
    """
    path = folder / INDEX
    try:
        if path.stat().st_size > INDEX_LIMIT:
            raise ValueError(f"it has more than {INDEX_LIMIT:,} bytes")
        index = json.loads(path.read_text())
        schema, models = index["schema"], dict(index["models"])
        for name, entry in models.items() if schema == SCHEMA else ():
            _check_entry(name, entry)
    # JSON that is nested too deeply raises a RecursionError.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VerificationError(f"{path} is not an index of models: {error}") from error
    if schema != SCHEMA:
        raise VerificationError(f"{path} has schema {schema}; this version of zoo reads {SCHEMA}: upgrade it")
    return models


def _check_entry(name: str, entry: dict[str, Any]) -> None:
    """Raise `ValueError` if an entry lists anything but files of its model's folder and their digests."""
    if not PUBLISHED_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a model")
    files = dict(entry["files"])
    for path, digest in files.items():
        inside = PurePosixPath(path)
        if str(inside) != path or inside.is_absolute() or ".." in inside.parts or not inside.parts:
            raise ValueError(f"{name} lists {path!r}, which is not a file of its folder")
        if not (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)):
            raise ValueError(f"{name} lists {path!r} without its sha256")
    if "saved_model.pb" not in files:
        raise ValueError(f"{name} lists no saved_model.pb")
