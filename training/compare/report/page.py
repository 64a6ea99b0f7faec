"""The report as one HTML file that needs no network, and as Markdown."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.compare.report.tables import Column
from training.compare.results.records import PICTURES, Results, Row
from zoo.metrics.catalogue import minor

NOTES = (
    "spectral: share of the energy at the frequencies m/r that the reference does not have, in percent",
    "imbalance: root mean square of the pattern in the residual's r x r phase means, in grey levels of 255",
    "constant: standard deviation over one period where the up-sampler's input is constant, in grey levels of 255",
    "steps to equal quality: until 99 % of the way from the lowest first evaluation to the lowest last one of all runs",
    "forward and XLA: {forward}; step: one training step of {batch} examples, the mean of 16 where one of so many does "
    "more; LiteRT: one example; memory: the peak of a process that trains three steps. Times are medians, all twins in "
    "turn in one run",
)
REST = (
    "data: what {count} pictures of the data reach; sure: the share of samples that the classifier puts in a "
    "class with more than 0.9; twins.csv has more measures of the samples"
)
CAPTIONS = {
    "quality": "Quality over steps",
    "latency": "Quality against latency",
    "spectra": "Power by frequency",
}

_STYLE = """
:root { --zoom: 1; --x: 50%; --y: 50%; color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1280px; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.budget, .notes, figcaption { color: #555; font-size: .85rem; }
.verdict li:first-child { font-weight: 600; font-size: 1.08rem; } .verdict { padding-left: 1.2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .78rem; }
th, td { padding: .3rem .4rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }
th { cursor: pointer; vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; }
th[aria-sort=ascending]::after { content: " \\25B2"; } th[aria-sort=descending]::after { content: " \\25BC"; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } .plots img { width: 100%; max-width: 560px; }
.pictures { display: flex; flex-wrap: wrap; gap: .7rem; margin-bottom: .7rem; }
figcaption { max-width: 170px; } figure { margin: 0; }
.crop { width: 170px; height: 170px; overflow: hidden; border: 1px solid #ccc; cursor: crosshair; }
.crop img { width: 100%; height: 100%; object-fit: contain; image-rendering: pixelated; transform: scale(var(--zoom));
  transform-origin: var(--x) var(--y); }
"""
_SCRIPT = """
document.querySelectorAll("th").forEach((head, column) => head.onclick = () => {
  const up = head.getAttribute("aria-sort") !== "ascending", body = document.querySelector("tbody");
  const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const order = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
  document.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  [...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)).forEach(row => body.append(row));
});
const style = document.documentElement.style, zoom = document.querySelector("#zoom");
zoom.oninput = () => style.setProperty("--zoom", zoom.value);
const showing = document.querySelector("#showing");
showing.onchange = () => document.querySelectorAll(".row").forEach(row => {
  row.hidden = row.dataset.number !== showing.value;
});
document.querySelectorAll(".crop").forEach(crop => crop.onmousemove = event => {
  const box = crop.getBoundingClientRect();
  style.setProperty("--x", 100 * (event.clientX - box.left) / box.width + "%");
  style.setProperty("--y", 100 * (event.clientY - box.top) / box.height + "%");
});
"""


def page(
    results: Results,
    rows: Sequence[Row],
    columns: Sequence[Column],
    sentences: Sequence[str],
    plots: Mapping[str, bytes],
) -> str:
    """The report as one HTML file: verdict, table, plots, pictures."""
    title = f"{results.facts['name']}: which up-sampler?"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="budget">{html.escape(budget(results))}</p>',
        '<ul class="verdict">' + "".join(f"<li>{_code(sentence)}</li>" for sentence in sentences) + "</ul>",
        "<h2>Everything in one table</h2>",
        f'<div class="wide">{_table(rows, columns)}</div>',
        '<p class="notes">' + "<br>".join(html.escape(note) for note in notes(results)) + "</p>",
        '<h2>Plots</h2><div class="plots">',
        *(f'<img alt="{CAPTIONS[name]}" src="{_data(content)}">' for name, content in plots.items()),
        "</div>",
        _pictures(results),
        f"<script>{_SCRIPT}</script></body></html>\n",
    ]
    return "\n".join(parts)


def markdown(
    results: Results,
    rows: Sequence[Row],
    columns: Sequence[Column],
    sentences: Sequence[str],
    plots: Mapping[str, Path],
) -> str:
    """The report as Markdown, its plots as files beside it."""
    lines = [f"# {results.facts['name']}: which up-sampler?", "", budget(results), ""]
    lines += [f"- {sentence}" for sentence in sentences]
    lines += ["", *table_lines(rows, columns)]
    lines += ["", *(f"- {note}" for note in notes(results)), ""]
    lines += [f"![{CAPTIONS[name]}]({path})\n" for name, path in plots.items()]
    return "\n".join(lines)


def table_lines(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    """The table in Markdown."""
    return [
        "| twin | " + " | ".join(column.heading for column in columns) + " |",
        "|---|" + "---:|" * len(columns),
        *(f"| {row['label']} | " + " | ".join(column.text(row) or "-" for column in columns) + " |" for row in rows),
    ]


def budget(results: Results) -> str:
    """Under which conditions the comparison was made."""
    facts = results.facts
    settings = "; ".join(f"{name}: {text}" for name, text in facts["fairness"].items())
    machine, seeds = facts["machine"], "1 seed" if facts["seeds"] == 1 else f"{facts['seeds']} seeds"
    return (
        f"{facts['steps']:,} steps of {facts['batch']} examples, {seeds}, "
        f"{facts['source']['name']}, measured on its {facts['split']} part. {settings[:1].upper()}{settings[1:]}. "
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']} when timed, "
        f"TensorFlow {machine['tensorflow']}, Keras {machine['keras']}; {facts['date']}."
    )


def notes(results: Results) -> list[str]:
    """What the columns mean."""
    batch = results.facts["batch"]
    forward = "one picture of 1280x720" if results.facts["scale"] else f"{batch} examples"
    told = [note.format(forward=forward, batch=batch) for note in NOTES]
    measured = results.facts.get("measured_pictures")
    rest = REST.format(count=f"{measured:,}" if measured else "as many")
    return [*told, rest] if any(map(minor, results.facts["metrics"])) else told


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    heads = "".join(f"<th>{html.escape(column.heading)}</th>" for column in columns)
    lines = []
    for row in rows:
        cells = "".join(_cell(row, column) for column in columns)
        lines.append(f'<tr data-twin="{row["twin"]}"><td>{html.escape(row["label"])}</td>{cells}</tr>')
    return f"<table><thead><tr><th>twin</th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _cell(row: Row, column: Column) -> str:
    value = row[column.sorts_by]
    told = "" if value is None else f' data-value="{value!r}"'
    return f'<td data-column="{column.sorts_by}"{told}>{html.escape(column.text(row)) or "-"}</td>'


def _pictures(results: Results) -> str:
    """Reference and twins side by side, one row a picture; a slider enlarges all at the same place."""
    rows = []
    lines = [
        [("target", "data"), *((f"{twin.slug}-after", twin.label) for twin in results.twins)],
        [(f"{twin.slug}-before", f"{twin.label}, before training") for twin in results.twins],
    ]
    for number in range(results.facts["pictures"]):
        shown = "".join(
            f'<div class="pictures">{"".join(_figure(results, *each, number) for each in line)}</div>' for line in lines
        )
        rows.append(f'<div class="row" data-number="{number}"{" hidden" if number else ""}>{shown}</div>')
    choices = "".join(f'<option value="{number}">{number + 1}</option>' for number in range(results.facts["pictures"]))
    return (
        "<h2>The same pictures</h2>"
        f'<p><label>picture <select id="showing">{choices}</select></label> '
        '<label>zoom <input id="zoom" type="range" min="1" max="10" step="0.5" value="1"></label> '
        '<span class="notes">Move over a picture: all show the same place. Pictures before training are stretched to '
        "their own range.</span></p>" + "\n".join(rows)
    )


def _figure(results: Results, name: str, label: str, number: int) -> str:
    content, caption = (results.folder / PICTURES / f"{name}-{number}.png").read_bytes(), html.escape(label)
    return (
        f'<figure><div class="crop"><img alt="{caption}" src="{_data(content)}"></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _code(sentence: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(sentence, quote=False))


def _data(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
