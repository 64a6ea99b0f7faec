"""Write tables in Markdown."""

from collections.abc import Sequence


def table(heads: str, rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Return a table in Markdown.

    Args:
        heads: of the columns, separated by bars.
        rows: cells of each row.
        words: the number of columns that hold words; numbers are in the other columns, on the right.
    """
    names = heads.split("|")
    rule = "|" + "---|" * words + "---:|" * (len(names) - words)
    lines = [" | ".join(("", *(cell.strip() for cell in row), "")).strip() for row in (names, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
