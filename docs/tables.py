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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import zoo

README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- table: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


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


def classifiers() -> str:
    """One row a published classifier."""
    lines = [
        "| model | data | parameters | multiply-adds | accuracy | cross-entropy |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name in zoo.list_models("features*", pretrained=True):
        card = zoo.card(name)
        accuracy, cross_entropy = (card["metrics"][metric]["value"] for metric in ("accuracy", "cross_entropy"))
        lines.append(
            f"| `{name}` | {card['source']} | {card['parameters']:,} | {card['multiply_adds'] / 1e6:.2f} M "
            f"| {100 * accuracy:.2f} % | {cross_entropy:.4f} |"
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


TABLES: dict[str, Callable[[], str]] = {"autoencoders": autoencoders, "classifiers": classifiers, "layers": layers}


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
