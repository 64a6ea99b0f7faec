"""Say where data is kept that was made of large sets of pictures and can be made again."""

import os
from pathlib import Path

CACHED_FROM = 32 << 20
"""Pixels from which something is kept: what is made of fewer takes a few seconds."""


def cache_folder() -> Path:
    """Return the folder of what can be made again: `subpixel-zoo` in XDG_CACHE_HOME or `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "subpixel-zoo"
