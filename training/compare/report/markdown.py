"""Write the report of a comparison as Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.compare.report.notes import CAPTIONS, budget, notes, title
from training.compare.report.tables import Column
from training.compare.results.records import Results, Row


def markdown(
    results: Results,
    rows: Sequence[Row],
    columns: Sequence[Column],
    sentences: Sequence[str],
    plots: Mapping[str, Path],
) -> str:
    """Return the report in Markdown.

    Args:
        results: the comparison.
        rows: of `twin_rows`.
        columns: of the table.
        sentences: of the verdict.
        plots: path of each plot by its name, relative to the report.
    """
    lines = [f"# {title(results)}", "", budget(results), ""]
    lines += [f"- {sentence}" for sentence in sentences]
    lines += ["", *table_lines(rows, columns)]
    lines += ["", *(f"- {note}" for note in notes(results)), ""]
    lines += [f"![{CAPTIONS[name]}]({path})\n" for name, path in plots.items()]
    return "\n".join(lines)


def table_lines(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    """Return the lines of the table, one row per twin."""
    return [
        "| twin | " + " | ".join(column.heading for column in columns) + " |",
        "|---|" + "---:|" * len(columns),
        *(f"| {row['label']} | " + " | ".join(column.text(row) or "-" for column in columns) + " |" for row in rows),
    ]
