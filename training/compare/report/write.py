"""Write the report of a comparison from its files: HTML, Markdown, the rows behind them, TensorBoard."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.compare.contest import Twin
from training.compare.report.markdown import markdown
from training.compare.report.page import page
from training.compare.report.plots import plots
from training.compare.report.tables import columns
from training.compare.report.verdict import verdict
from training.compare.results import records
from training.compare.results.records import PICTURES, Results, Row
from training.compare.results.summaries import CHECKERBOARD, COST_COLUMNS, pair_rows, twin_rows
from zoo.system.files import write_csv, write_text, written_beside

REPORT, MARKDOWN, PLOTS, BOARD = "report.html", "report.md", "plots", "tensorboard"


def write_report(folder: Path) -> Path:
    """Read a comparison and write everything that follows from it; return the path of the HTML report."""
    results = records.read(folder)
    twins, pairs = twin_rows(results), pair_rows(results)
    write_csv(folder / records.TWINS, twins)
    write_csv(folder / records.PAIRS, pairs)
    table, sentences, drawn = columns(results, twins), verdict(results, twins, pairs), plots(results, twins)
    (folder / PLOTS).mkdir(exist_ok=True)
    paths = {name: Path(PLOTS) / f"{name}.png" for name in drawn}
    for name, content in drawn.items():
        with written_beside(folder / paths[name]) as file:
            file.write(content)
    write_text(folder / MARKDOWN, markdown(results, twins, table, sentences, paths))
    write_text(folder / REPORT, page(results, twins, table, sentences, drawn))
    _write_board(results, sentences, drawn)
    return folder / REPORT


def _write_board(results: Results, sentences: Sequence[str], drawn: Mapping[str, bytes]) -> None:
    """Write TensorBoard: a sub-run per twin and seed on shared tags, its hyper-parameters, results and pictures."""

    from training.reporting.tensorboard import Board

    folder = results.folder / BOARD
    shutil.rmtree(folder, ignore_errors=True)
    # TensorBoard's table shows the first tags of the alphabet by default: first the results, then the costs.
    reached = {f"after/{name}": name for name in results.facts["metrics"]}
    reached |= {f"after/{name}": f"{name}_after" for name in CHECKERBOARD}
    summary = Board(folder / "all")
    summary.text(0, "verdict", "\n".join(f"- {sentence}" for sentence in sentences))
    for name, content in drawn.items():
        summary.plot(0, f"compare/{name}", content)
    summary.picture(
        0,
        "compare/pictures",
        _side_by_side(results, ["target", *(f"{twin.slug}-after" for twin in results.twins)]),
    )
    summary.close()
    for twin in results.twins:
        for row in (row for row in results.runs if row["twin"] == twin.key):
            _write_run(results, twin, row, reached)


def _write_run(results: Results, twin: Twin, row: Row, reached: Mapping[str, str]) -> None:
    """Write the sub-run of a twin and seed, with pictures for the first seed, whose pictures are saved."""
    from training.reporting.tensorboard import Board

    seed, last = row["seed"], results.facts["steps"]
    name = f"{twin.key}/seed{seed}"
    board = Board(results.folder / BOARD / name)
    settings = {"twin": twin.label, "up-sampler": twin.upsampler, "fairness": twin.fairness, "seed": seed}
    board.settings(settings, name)
    for line in results.curves:
        if (line["twin"], line["seed"]) == (twin.key, seed):
            board.scalars(line["step"], {line["tag"]: line["value"]})
    values = {tag: row.get(column) for tag, column in reached.items()}
    values |= {f"cost/{column}": results.cost(twin.key, column) for column in COST_COLUMNS}
    board.scalars(last, {tag: float(value) for tag, value in values.items() if value is not None})
    if seed == 0:
        for moment, step in (("before", 0), ("after", last)):
            board.picture(step, "eval/pictures", _side_by_side(results, ["target", f"{twin.slug}-{moment}"]))
    board.close()


def _side_by_side(results: Results, names: Sequence[str]) -> Any:
    """Return saved pictures as one picture, one row per name."""
    import tensorflow as tf

    from training.tasks.pictures import picture_rows

    def read(name: str, number: int) -> Any:
        content = (results.folder / PICTURES / f"{name}-{number}.png").read_bytes()
        return tf.image.convert_image_dtype(tf.io.decode_png(content, 3), tf.float32)

    return picture_rows(
        [tf.stack([read(name, number) for number in range(results.facts["pictures"])]) for name in names]
    )
