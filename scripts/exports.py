"""Export every endpoint of every published model to every format, and write what became of it.

    python -m scripts.exports [NAME ...]

Writes results/quality/exports.csv: one row per model, endpoint and format, with the largest difference from the
original and the number of shuffles in the file, or the reason why the format does not take it. With names, only the
rows of those models are written anew.
"""

import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import tensorflow as tf
from rich.progress import track

import zoo
from scripts.markdown import table as markdown
from scripts.published_rows import chosen_and_kept
from zoo.export import EXPORTERS, ExportError, export
from zoo.system.files import read_csv, write_csv

RESULTS = ROOT / "results" / "quality" / "exports.csv"
SHUFFLES = ("DEPTH_TO_SPACE", "DepthToSpace")
IN_LEVELS = "serve_uint8"
"""The endpoint whose differences are whole grey levels, not parts of the range."""
AROUND = ("TRANSPOSE", "BATCH_TO_SPACE_ND")
"""Operations of LiteRT that a shuffle in another form would consist of."""


def endpoints_of(name: str) -> list[str]:
    """Return the endpoints of a published model, without the second name of the first."""
    return sorted(set(zoo.load_pretrained(name).signatures) - {"serving_default"})


def row_of(name: str, endpoint: str, kind: str, folder: Path) -> dict[str, Any]:
    """Export one endpoint to one format, and return what became of it."""
    facts = {"model": name, "endpoint": endpoint, "format": kind}
    try:
        exported = export(name, folder / f"model{EXPORTERS[kind].suffix}", endpoint=endpoint, force=True)
    except ExportError as error:
        return facts | {"result": "refused", "reason": str(error)}
    held = exported.operations
    return facts | {
        "result": "exported",
        "difference": f"{exported.difference:.1e}",
        "shuffles": sum(held.get(each, 0) for each in SHUFFLES),
        "transpositions": sum(held.get(each, 0) for each in AROUND),
        "bytes": exported.path.stat().st_size,
    }


def table() -> str:
    """Return the table of the page on exporting: one row per model, the endpoints that each format takes."""
    rows = read_csv(RESULTS)
    lines = []
    for name in dict.fromkeys(row["model"] for row in rows):
        mine = [row for row in rows if row["model"] == name and row["result"] == "exported"]
        taken = [[row for row in mine if row["format"] == kind] for kind in EXPORTERS]
        endpoints = [", ".join(f"`{row['endpoint']}`" for row in each) for each in taken]
        in_floats = [_worst(each, in_levels=False) for each in taken]
        in_levels = [_worst(each, in_levels=True) for each in taken]
        shuffles = max((int(row["shuffles"]) for row in mine), default=0)
        lines.append([f"`{name}`", *endpoints, *in_floats, *in_levels, str(shuffles)])
    titles = [exporter.title for exporter in EXPORTERS.values()]
    heads = [
        "model",
        *titles,
        *(f"{each}, difference" for each in titles),
        *(f"{each}, grey levels" for each in titles),
    ]
    counts = {result: sum(row["result"] == result for row in rows) for result in ("exported", "refused")}
    reasons = sorted({row["endpoint"] for row in rows if row["result"] == "refused"})
    text = markdown("|".join([*heads, "shuffles"]), lines, words=1 + len(titles))
    refused = " and ".join(f"`{endpoint}`" for endpoint in reasons)
    return (
        text + f"\n{counts['exported']} files were exported and {counts['refused']} refused, all of them {refused}.\n"
    )


def _worst(rows: list[dict[str, Any]], *, in_levels: bool) -> str:
    """Return the largest difference of endpoints that return grey levels, or of those that return floats."""
    differences = [float(row["difference"]) for row in rows if (row["endpoint"] == IN_LEVELS) == in_levels]
    if not differences:
        return "-"
    return f"{max(differences):.0f}" if in_levels else f"{max(differences):.0e}"


def main() -> None:
    """Export, and write the rows."""
    chosen, rows = chosen_and_kept(__doc__, RESULTS)
    tf.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        for name in track(chosen, "exporting"):
            for endpoint in endpoints_of(name):
                rows += [row_of(name, endpoint, kind, Path(folder)) for kind in EXPORTERS]
            columns = ["model", "endpoint", "format", "result", "difference", "shuffles", "transpositions", "bytes"]
            write_csv(
                RESULTS,
                sorted(rows, key=lambda row: (row["model"], row["endpoint"], row["format"])),
                [*columns, "reason"],
            )


if __name__ == "__main__":
    main()
