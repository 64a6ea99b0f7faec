"""Write the tables of README.md from the cards of the published models and the results of benchmarks.

    python docs/tables.py [--check]

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. With --check nothing is written, and the exit code is
1 where a table is not what the cards and results say.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import zoo

ROOT = Path(__file__).resolve().parent.parent
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


TABLES: dict[str, Callable[[], str]] = {"autoencoders": autoencoders}


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
