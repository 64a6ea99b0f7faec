"""Write the tables of README.md from the cards of the published models and the results of benchmarks.

    python docs/tables.py [--check]

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. With --check nothing is written, and the exit code is
1 where a table is not what the cards and results say.
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import zoo

README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- table: (?P<name>[a-z0-9]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def autoencoders() -> str:
    """One row a published autoencoder."""
    lines = [
        "| model | data | parameters | multiply-adds | PSNR dB | SSIM | MSE |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name in zoo.list_models("ae_*", pretrained=True):
        card = zoo.card(name)
        psnr, ssim, mse = (card["metrics"][metric]["value"] for metric in ("psnr", "ssim", "mse"))
        lines.append(
            f"| `{name}` | {card['source']} | {card['parameters']:,} | {card['multiply_adds'] / 1e6:.2f} M "
            f"| {psnr:.2f} | {ssim:.4f} | {mse:.5f} |"
        )
    return "\n".join(lines) + "\n"


def layers() -> str:
    """One row a layer of the benchmark's grid: a sub-pixel convolution beside a bare one and beside its twin."""
    with (ROOT / "benchmarks" / "layers.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["grid"] == "True"]
    keys = ("batch", "size", "channels", "filters", "scale", "kernel")
    times: dict[tuple[str, ...], dict[str, tuple[float, float]]] = {}
    for row in rows:
        layer = tuple(row[key] for key in keys)
        times.setdefault(layer, {})[row["term"]] = (float(row["forward_ms"]), float(row["backward_ms"]))
    lines = [
        "| batch, input, channels | `Conv2D` alone | `SubpixelConv2D` | `Conv2DTranspose` twin | forward gain |",
        "|---|---:|---:|---:|---:|",
    ]
    for (batch, size, channels, filters, scale, _), terms in times.items():
        cells = " | ".join("{:.1f} / {:.1f}".format(*terms[term]) for term in ("conv2d", "subpixel", "twin"))
        gain = terms["twin"][0] / terms["subpixel"][0]
        lines.append(f"| {batch}, {size}x{size}, {channels} to {filters}, x{scale} | {cells} | {gain:.2f} |")
    return "\n".join(lines) + "\n"


def super_resolution(scale: int) -> str:
    """One row a model of that scale, published elsewhere or here, by its PSNR on Set5; milliseconds where measured."""
    with (ROOT / "results" / "super_resolution_papers.csv").open() as file:
        papers = [row for row in csv.DictReader(file) if int(row["scale"]) == scale]
    with (ROOT / "results" / "super_resolution.csv").open() as file:
        models = [row for row in csv.DictReader(file) if int(row["scale"]) == scale]
    with (ROOT / "benchmarks" / "super_resolution.csv").open() as file:
        times = {row["term"]: float(row["milliseconds"]) for row in csv.DictReader(file) if int(row["scale"]) == scale}

    def quality(row: dict[str, str], source: str, psnr: str, ssim: str) -> str:
        values = [row[f"{source}_{psnr}"], row[f"{source}_{ssim}"]]
        return " / ".join(f"{float(value):.{digits}f}" for value, digits in zip(values, (2, 4), strict=True) if value)

    lines: list[tuple[float, str]] = []
    for row in papers:
        cells = " | ".join(quality(row, source, "psnr", "ssim") or "-" for source in ("set5", "set14"))
        note = f" ({row['note']})" if row["note"] else ""
        time = times.get(f"{row['model']}_x{scale}")
        shown = f"{time:.1f}" if time else "-"
        line = f"| {row['model']}{note} | {row['parameters'] or '-'} | - | {cells} | {shown} |"
        lines.append((float(row["set5_psnr"]), line))
    for row in models:
        name = row["model"]
        cells = " | ".join(quality(row, source, "psnr_y", "ssim_y") for source in ("set5", "set14"))
        time, twin = times.get(name), times.get(_twin(name))
        shown = f"{time:.1f} (twin {twin:.1f})" if time and twin else "-"
        work = f"{int(row['multiply_adds']) / 1e9:.1f} G"
        line = f"| **`{name}`** | {int(row['parameters']) / 1000:.1f}K | {work} | {cells} | {shown} |"
        lines.append((float(row["set5_psnr_y"]), line))
    head = [
        f"| x{scale} | parameters | multiply-adds | Set5 PSNR / SSIM | Set14 PSNR / SSIM | ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(line for _, line in sorted(lines))]) + "\n"


def _twin(name: str) -> str:
    stem, _, upsampler = name.rpartition("_")
    return f"{stem}_{'transpose' if upsampler == 'subpixel' else 'subpixel'}"


TABLES: dict[str, Callable[[], str]] = {
    "autoencoders": autoencoders,
    "layers": layers,
    **{f"superresolutionx{scale}": partial(super_resolution, scale) for scale in (2, 3, 4)},
}


def main() -> int:
    """Write the tables, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    old = README.read_text()
    new = PLACE.sub(lambda place: place[1] + TABLES[place["name"]]() + place[3], old)
    if options.check:
        return int(new != old)
    README.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
