"""Measure what fewer bits cost the published super-resolution models, in LiteRT.

    python -m scripts.quantised [NAME ...]

Exports `serve_luma` of each with numbers of 32 bits, with weights of 16, with whole numbers of 8 bits, and with whole
numbers of 16 bits and weights of 8, both calibrated with pictures of T91 reduced by the model's factor. Writes
results/quality/quantised.csv: PSNR on luma of Set5 by the project's protocol. SR_DATA_DIR holds both sets. LiteRT takes
16 bits only where sizes are known, so a file is made for each picture's size, and calibrated with pictures resampled to
it.
"""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
import tensorflow as tf
from PIL import Image
from rich.progress import track

import zoo
from scripts.markdown import table as markdown
from scripts.published_rows import chosen_and_kept
from training.data import open_source
from zoo.arrays import Array
from zoo.export import EXPORTERS, ExportError, export
from zoo.imaging import cropped, degrade, luma
from zoo.metrics import super_resolution_metrics
from zoo.system.files import read_csv, write_csv

RESULTS = ROOT / "results" / "quality" / "quantised.csv"
KINDS = ("float32", "float16", "int8", "int16")
CALIBRATED = {"int8": 24, "int16": 8}
"""Pictures to calibrate with: fewer where they are needed for each size, and steps are fine."""


def pairs(scale: int) -> list[tuple[Array, Array]]:
    """Return low and high luma of Set5, uint8 `[h, w, 1]`."""
    source = open_source("set5")
    high = [luma(cropped(picture, scale)) for picture in source.pictures("test")]
    return [(degrade(picture, scale), picture) for picture in high]


def calibration(folder: Path, kind: str, scale: int) -> Path:
    """Return a folder with pictures of T91, reduced; it is written if it does not exist."""
    target = folder / f"{kind}-x{scale}"
    if target.is_dir():
        return target
    target.mkdir()
    for number, picture in enumerate(islice(open_source("t91").pictures("train"), CALIBRATED[kind])):
        Image.fromarray(degrade(luma(cropped(picture, scale)), scale)[..., 0]).save(target / f"{number:02d}.png")
    return target


def row_of(name: str, folder: Path) -> dict[str, Any]:
    """Return the PSNR of a model in each kind of numbers."""
    scale = zoo.card(name)["scale"]
    row: dict[str, Any] = {"model": name, "scale": scale}
    for kind in KINDS:
        try:
            psnr, size = measure(name, kind, scale, folder)
        except ExportError as error:
            row["reason"] = str(error)
            continue
        row |= {kind: f"{psnr:.3f}", f"{kind}_bytes": size}
    return row


def measure(name: str, kind: str, scale: int, folder: Path) -> tuple[float, int]:
    """Return the PSNR of a model in a kind of numbers, and the bytes of its file: the last one, if there are several.

    Raises:
        ExportError: LiteRT does not take the model in these numbers.
    """
    path = folder / f"{name}.{kind}.tflite"
    options: dict[str, Any] = {} if kind == "float32" else {"quantise": kind}
    if kind in CALIBRATED:
        options["calibrate"] = calibration(folder, kind, scale)
    values = []
    for number, (low, high) in enumerate(pairs(scale)):
        if kind == "int16" or number == 0:
            size = low.shape[:2] if kind == "int16" else None
            export(name, path, endpoint="serve_luma", size=size, force=True, **options)
        image = low[None].astype(np.float32) / np.float32(255)
        (large,) = EXPORTERS["litert"].runner(path.read_bytes(), [image])()
        output = np.rint(np.clip(large[0], 0, 1) * 255).astype(np.uint8)
        values.append(super_resolution_metrics(high, output, scale)["psnr_y"])
    return float(np.mean(values)), path.stat().st_size


def table() -> str:
    """Return the table of the page on exporting: PSNR on Set5, one row per model."""
    lines = []
    for row in read_csv(RESULTS):
        measured = [f"{float(row[kind]):.2f}" if row[kind] else "-" for kind in KINDS]
        losses = [f"{float(row['float32']) - float(row[kind]):.2f}" if row[kind] else "refused" for kind in CALIBRATED]
        lines.append([f"`{row['model']}`", *measured, *losses])
    return markdown(f"model|{'|'.join(KINDS)}|int8 loses, dB|int16 loses, dB", lines)


def main() -> None:
    """Export, measure and write the rows."""
    names, rows = chosen_and_kept(__doc__, RESULTS, "*_x[234]_*")
    tf.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        for name in track(names, "measuring"):
            rows.append(row_of(name, Path(folder)))
            columns = ["model", "scale", *KINDS, *(f"{kind}_bytes" for kind in KINDS), "reason"]
            write_csv(RESULTS, sorted(rows, key=lambda row: (int(row["scale"]), row["model"])), columns)


if __name__ == "__main__":
    main()
