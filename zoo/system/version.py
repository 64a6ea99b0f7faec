"""Find the version of this project without loading a framework."""

import importlib.metadata
import tomllib
from pathlib import Path

PROJECT = "subpixel-zoo"
_CHECKOUT = Path(__file__).resolve().parents[2]


def project_version(folder: Path = _CHECKOUT) -> str:
    """Return the version of the project.

    A checkout's `pyproject.toml` decides, because another version may be installed at the same time. A package that
    lies in no checkout is an installed one, whose metadata hold the version.

    Args:
        folder: the folder that holds the package `zoo`.

    Raises:
        importlib.metadata.PackageNotFoundError: the package was copied here without its metadata.
    """
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        if project["name"] == PROJECT:
            return str(project["version"])
    # The folder is not a checkout, or that of another project which holds a copy of the package.
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return importlib.metadata.version(PROJECT)
