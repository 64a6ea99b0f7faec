"""Writing text and JSON so that a reader sees the old content or the new, never a part."""

import json
from pathlib import Path
from typing import Any

from zoo.files import written_beside


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically."""
    with written_beside(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as readable JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
