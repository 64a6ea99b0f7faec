"""Tables of pages."""

from collections.abc import Sequence


def table(heads: str, rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """A table whose first columns are words and whose others are numbers; `heads` are separated by bars."""
    names = heads.split("|")
    rule = "|" + "---|" * words + "---:|" * (len(names) - words)
    lines = [" | ".join(("", *(cell.strip() for cell in row), "")).strip() for row in (names, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
