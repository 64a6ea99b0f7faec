"""Write examples/own_model.ipynb from examples/own_model.py.

    python -m scripts.notebook [--check]

A line `# %%` begins a cell of code, and `# %% [markdown]` a cell of text, whose lines are comments. The docstring
becomes the first cell, without the line that says how to call the program. With --check, nothing is written, and the
exit code is 1 if the notebook differs from the program.
"""

import argparse
import ast
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "examples" / "own_model.py"
NOTEBOOK = PROGRAM.with_suffix(".ipynb")
MARK = "# %%"
TEXT = f"{MARK} [markdown]"


def notebook(program: str) -> str:
    """Return a program as a notebook's JSON, without outputs."""
    docstring = ast.get_docstring(ast.parse(program)) or ""
    title, *others = docstring.split("\n\n")
    described = [f"# {title.rstrip('.')}", *(part for part in others if not part.startswith("    python"))]
    cells = [_cell("markdown", "\n\n".join(described), 0)]
    for part in program.split(f"\n{MARK}")[1:]:
        head, _, body = part.partition("\n")
        if f"{MARK}{head}" == TEXT:
            lines = (line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            cells.append(_cell("markdown", "\n".join(lines), len(cells)))
        else:
            cells.append(_cell("code", body.strip(), len(cells)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def main() -> int:
    """Write the notebook, or compare it with the program."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = notebook(PROGRAM.read_text())
    if options.check:
        return int(not NOTEBOOK.is_file() or NOTEBOOK.read_text() != text)
    NOTEBOOK.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
