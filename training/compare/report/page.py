"""Compute the values of `report.html.j2` and fill it: the report as one HTML file that needs no network."""

import base64
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from training.compare.report.notes import CAPTIONS, budget, notes, title
from training.compare.report.tables import Column
from training.compare.results.records import PICTURES, Results, Row

TEMPLATE, STYLE, SCRIPT = "report.html.j2", "report.css", "report.js"


class Cell(NamedTuple):
    """Hold a cell of the table.

    Attributes:
        column: the name of the number that the column sorts by.
        value: that number with all its digits, or an empty text.
        text: what the cell shows.
    """

    column: str
    value: str
    text: str


class TableRow(NamedTuple):
    """Hold a row of the table: the key and the label of a twin, and its cells."""

    twin: str
    label: str
    cells: list[Cell]


class Figure(NamedTuple):
    """Hold a picture of the page: its caption, and the picture as a `data:` address."""

    caption: str
    source: str


def page(
    results: Results,
    rows: Sequence[Row],
    columns: Sequence[Column],
    sentences: Sequence[str],
    plots: Mapping[str, bytes],
) -> str:
    """Return the report in HTML: verdict, table, plots, pictures.

    Args:
        results: the comparison, with its pictures.
        rows: of `twin_rows`.
        columns: of the table.
        sentences: of the verdict.
        plots: PNG by name.
    """
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    environment.filters["code"] = _with_code
    return environment.from_string(_file(TEMPLATE)).render(
        title=title(results),
        # Both are files of this package, so nothing in them needs escaping.
        style=Markup(_file(STYLE)),
        script=Markup(_file(SCRIPT)),
        budget=budget(results),
        sentences=sentences,
        columns=columns,
        rows=[_table_row(row, columns) for row in rows],
        notes=notes(results),
        plots=[Figure(CAPTIONS[name], _data_address(content)) for name, content in plots.items()],
        pictures=[_lines(results, number) for number in range(results.facts["pictures"])],
    )


def _file(name: str) -> str:
    return (resources.files("training.compare.report") / name).read_text(encoding="utf-8")


def _table_row(row: Row, columns: Sequence[Column]) -> TableRow:
    cells = []
    for column in columns:
        number = row[column.sorts_by]
        cells.append(Cell(column.sorts_by, "" if number is None else repr(number), column.text(row) or "-"))
    return TableRow(row["twin"], row["label"], cells)


def _lines(results: Results, number: int) -> list[list[Figure]]:
    """Return two lines of figures of one picture: the target and every twin, then every twin before training."""
    after = [("target", "data"), *((f"{twin.slug}-after", twin.label) for twin in results.twins)]
    before = [(f"{twin.slug}-before", f"{twin.label}, before training") for twin in results.twins]
    return [[_figure(results, name, caption, number) for name, caption in line] for line in (after, before)]


def _figure(results: Results, name: str, caption: str, number: int) -> Figure:
    return Figure(caption, _data_address((results.folder / PICTURES / f"{name}-{number}.png").read_bytes()))


def _with_code(sentence: str) -> Markup:
    """Return a sentence as HTML, with the words between backquotes as code."""
    # As plain text, because a join of Markup, which `re.sub` ends with, would escape the tags too.
    escaped = str(escape(sentence))
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", escaped))


def _data_address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
