"""Write the report of a comparison from its files: HTML, Markdown, the rows behind them, TensorBoard."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.compare import records
from training.compare.page import markdown, page
from training.compare.plots import plots
from training.compare.records import PICTURES, Results
from training.compare.summaries import pair_rows, twin_rows
from training.compare.tables import columns
from training.compare.verdict import verdict
from zoo.files import write_text, written_beside

REPORT, MARKDOWN, PLOTS, BOARD = "report.html", "report.md", "plots", "tensorboard"


def write_report(folder: Path) -> Path:
    """Read a comparison and write everything that follows from it; returns the path of the HTML report."""
    results = records.read(folder)
    twins, pairs = twin_rows(results), pair_rows(results)
    records.write_rows(folder / records.TWINS, twins)
    records.write_rows(folder / records.PAIRS, pairs)
    shown, sentences, drawn = columns(results, twins), verdict(results, twins, pairs), plots(results, twins)
    (folder / PLOTS).mkdir(exist_ok=True)
    paths = {name: Path(PLOTS) / f"{name}.png" for name in drawn}
    for name, content in drawn.items():
        with written_beside(folder / paths[name]) as file:
            file.write(content)
    write_text(folder / MARKDOWN, markdown(results, twins, shown, sentences, paths))
    write_text(folder / REPORT, page(results, twins, shown, sentences, drawn))
    _write_board(results, sentences, drawn)
    return folder / REPORT


def _write_board(results: Results, sentences: Sequence[str], drawn: Mapping[str, bytes]) -> None:
    """TensorBoard: a sub-run a twin and seed on shared tags, its hyper-parameters and final metrics, pictures."""
    import tensorflow as tf

    from training.board import Board

    folder = results.folder / BOARD
    shutil.rmtree(folder, ignore_errors=True)
    finals = [*results.facts["metrics"], *(f"{name}_after" for name in ("spectral", "imbalance", "constant"))]
    costs = ("parameters", "multiply_adds", "forward_ms", "step_ms", "xla_ms", "litert_ms", "memory_mib")
    summary = Board(folder / "all")
    summary.text(0, "verdict", "\n".join(f"- {sentence}" for sentence in sentences))
    for name, content in drawn.items():
        summary.picture(0, f"compare/{name}", tf.io.decode_png(content, 3) / 255)
    summary.picture(
        0,
        "compare/pictures",
        _side_by_side(results, ["target", *(f"{_slug(twin.key)}-after" for twin in results.twins)]),
    )
    summary.close()
    for twin in results.twins:
        for row in (row for row in results.runs if row["twin"] == twin.key):
            seed, name = row["seed"], f"{twin.key}/seed{row['seed']}"
            board = Board(folder / name)
            settings = {
                "twin": twin.label,
                "up-sampler": twin.key.partition("/")[2],
                "fairness": twin.fairness,
                "seed": seed,
            }
            board.settings(settings, name)
            for line in results.curves:
                if (line["twin"], line["seed"]) == (twin.key, seed):
                    board.scalars(line["step"], {line["tag"]: line["value"]})
            values = {f"final/{name}": row[name] for name in finals} | {
                f"cost/{name}": results.cost(twin.key, name) for name in costs
            }
            last = results.facts["steps"]
            board.scalars(last, {tag: float(value) for tag, value in values.items() if value is not None})
            if seed == 0:
                for moment, step in (("before", 0), ("after", last)):
                    board.picture(
                        step, "eval/pictures", _side_by_side(results, ["target", f"{_slug(twin.key)}-{moment}"])
                    )
            board.close()


def _slug(key: str) -> str:
    return key.replace("/", "-")


def _side_by_side(results: Results, names: Sequence[str]) -> Any:
    """Saved pictures as one: a row a name, a column a picture."""
    import tensorflow as tf

    from training.tasks.base import grid

    def read(name: str, number: int) -> Any:
        content = (results.folder / PICTURES / f"{name}-{number}.png").read_bytes()
        return tf.image.convert_image_dtype(tf.io.decode_png(content, 3), tf.float32)

    return grid([tf.stack([read(name, number) for number in range(results.facts["pictures"])]) for name in names])
