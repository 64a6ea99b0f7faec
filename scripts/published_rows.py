"""Read which published models a command measures anew, and the rows of the others that it keeps."""

import argparse
from pathlib import Path
from typing import Any

import zoo
from zoo.system.files import read_csv


def chosen_and_kept(description: str, results: Path, pattern: str = "*") -> tuple[list[str], list[dict[str, Any]]]:
    """Parse the command line, and return the models to measure and the rows to keep.

    Args:
        description: the command's docstring.
        results: the file of rows with a column `model`; it need not exist.
        pattern: of the published names that are measured if the command line names none.
    """
    parser = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", help="published names; all by default")
    chosen = parser.parse_args().names or zoo.list_models(pattern, pretrained=True)
    rows = read_csv(results) if results.is_file() else []
    published = zoo.list_models(pretrained=True)
    return chosen, [row for row in rows if row["model"] in published and row["model"] not in chosen]
