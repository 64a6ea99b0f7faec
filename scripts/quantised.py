"""Measure what fewer bits cost the published super-resolution models, in LiteRT.

    python -m scripts.quantised [NAME ...]

Exports `serve_luma` of each with numbers of 32 bits, with weights of 16, and with whole numbers of 8 bits, calibrated
with pictures of T91 reduced by the model's factor. Writes results/quality/quantised.csv: PSNR on luma of Set5 by the
project's protocol. SR_DATA_DIR holds both sets.
"""

import argparse
import tempfile
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
from training.data import open_source
from zoo.arrays import Array
from zoo.export import EXPORTERS, ExportError, export
from zoo.imaging import cropped, degrade, luma
from zoo.metrics import super_resolution_metrics
from zoo.system.files import read_csv, write_csv

RESULTS = ROOT / "results" / "quality" / "quantised.csv"
KINDS = ("float32", "float16", "int8")
CALIBRATED, LIMIT = 24, 0.3


def pairs(scale: int) -> list[tuple[Array, Array]]:
    """Return low and high luma of Set5, uint8 `[h, w, 1]`."""
    source = open_source("set5")
    high = [luma(cropped(picture, scale)) for picture in source.pictures("test")]
    return [(degrade(picture, scale), picture) for picture in high]


def write_calibration(folder: Path, scale: int) -> None:
    """Write pictures of T91, reduced."""
    for number, picture in enumerate(open_source("t91").pictures("train")):
        if number == CALIBRATED:
            return
        Image.fromarray(degrade(luma(cropped(picture, scale)), scale)[..., 0]).save(folder / f"{number:02d}.png")


def row_of(name: str, folder: Path) -> dict[str, Any]:
    """Return the PSNR of a model in each kind of numbers."""
    scale = zoo.card(name)["scale"]
    calibration = folder / f"x{scale}"
    if not calibration.is_dir():
        calibration.mkdir()
        write_calibration(calibration, scale)
    row: dict[str, Any] = {"model": name, "scale": scale}
    for kind in KINDS:
        path = folder / f"{name}.{kind}.tflite"
        options: dict[str, Any] = {} if kind == "float32" else {"quantise": kind}
        if kind == "int8":
            options["calibrate"] = calibration
        try:
            export(name, path, endpoint="serve_luma", **options)
        except ExportError as error:
            row["reason"] = str(error)
            continue
        values = []
        for low, high in pairs(scale):
            image = low[None].astype(np.float32) / np.float32(255)
            (large,) = EXPORTERS["litert"].runner(path.read_bytes(), [image])()
            output = np.rint(np.clip(large[0], 0, 1) * 255).astype(np.uint8)
            values.append(super_resolution_metrics(high, output, scale)["psnr_y"])
        row |= {kind: f"{np.mean(values):.3f}", f"{kind}_bytes": path.stat().st_size}
    return row


def table() -> str:
    """Return the table of the page on exporting: PSNR on Set5, one row per model."""
    lines = []
    for row in read_csv(RESULTS):
        loss = f"{float(row['float32']) - float(row['int8']):.2f}" if row["int8"] else "refused"
        lines.append([f"`{row['model']}`", *(f"{float(row[kind]):.2f}" if row[kind] else "-" for kind in KINDS), loss])
    return markdown("model|float32|float16|int8|int8 loses, dB", lines)


def main() -> None:
    """Export, measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", help="published names; all by default")
    names = parser.parse_args().names or zoo.list_models("*_x[234]_*", pretrained=True)
    tf.get_logger().setLevel("ERROR")
    rows: list[dict[str, Any]] = []
    if RESULTS.is_file():
        published = zoo.list_models(pretrained=True)
        rows = [row for row in read_csv(RESULTS) if row["model"] in published and row["model"] not in names]
    with tempfile.TemporaryDirectory() as folder:
        for name in track(names, "measuring"):
            rows.append(row_of(name, Path(folder)))
            columns = ["model", "scale", *KINDS, *(f"{kind}_bytes" for kind in KINDS), "reason"]
            write_csv(RESULTS, sorted(rows, key=lambda row: (int(row["scale"]), row["model"])), columns)


if __name__ == "__main__":
    main()
