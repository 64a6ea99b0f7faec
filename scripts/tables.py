"""Write the tables of README.md and of docs/ from published models' cards, results and worked examples.

    python -m scripts.tables [--check]

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. With --check, nothing is written, and the exit code is
1 if a table differs from its source.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import zoo
from benchmarks.layer_rows import PHASES
from scripts import cards, exports, findings_tables, quantised, scaling_tables, speed_tables, worked_example
from scripts.comparisons import read_comparisons
from scripts.markdown import table
from scripts.super_resolution import table as super_resolution_table
from zoo.system.files import read_csv

RESULTS = ROOT / "results"
SPEED = RESULTS / "speed"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PLACE = re.compile(r"(<!-- table: (?P<name>[a-z0-9_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def published(pattern: str, heads: str, cells: Callable[[Mapping[str, Any]], Sequence[str]]) -> str:
    """Return a table with one row per published model.

    Args:
        pattern: that the models' names match.
        heads: of the columns of metrics, separated by bars.
        cells: from the metrics on a model's card to the text of these columns.
    """
    rows = []
    for name in zoo.list_models(pattern, pretrained=True):
        card = zoo.card(name)
        work = f"{card['multiply_adds'] / 1e6:.2f} M"
        rows.append([cards.link(name), card["source"], f"{card['parameters']:,}", work, *cells(card["metrics"])])
    return table(f"model|data|parameters|multiply-adds|{heads}", rows, words=2)


def formatted(*formats: str) -> Callable[[Mapping[str, Any]], list[str]]:
    """Return a function that fills metrics into formats such as `{psnr[value]:.2f}`."""
    return lambda metrics: [text.format(**metrics).replace("%", " %") for text in formats]


def layers() -> str:
    """Return the times of a sub-pixel convolution, its twin and a bare convolution, one row per benchmarked layer."""
    rows = [row for row in read_csv(SPEED / "layers.csv") if row["grid"] == "True"]
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


def layers_gpu() -> str:
    """Return the times of a bare convolution and of the up-samplers on a GPU, one row per layer and precision."""
    times: dict[tuple[str, ...], dict[str, str]] = {}
    for row in read_csv(SPEED / "layers_gpu.csv"):
        layer = f"{row['batch']}, {row['size']}x{row['size']}, {row['channels']} to {row['filters']}, x{row['scale']}"
        key = (layer, row["precision"].removeprefix("mixed_"), "yes" if row["xla"] == "True" else "no")
        times.setdefault(key, {})[row["term"]] = " / ".join(f"{float(row[f'{p}_ms']):.2f}" for p in PHASES)
    names = {"conv2d": "`Conv2D` alone", "subpixel": "`subpixel`", "twin": "`transpose`"}
    names |= {name: f"`{name}`" for name in ("transpose_2r", "resize")}
    rows = [[*key, *(terms[term] for term in names)] for key, terms in times.items()]
    return table("batch, input, channels|precision|XLA|" + "|".join(names.values()), rows, words=3)


def training_gpu() -> str:
    """Return the speed of trainings on a GPU, one row per model."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in read_csv(SPEED / "training_gpu.csv"):
        found.setdefault((row["model"], row["source"], row["batch"]), {})[row["measure"]] = row["value"]
    rows = [
        [f"`{model}`", source, batch, f"{float(terms['loop']):,.0f}", f"{float(terms['loop / bare']):.2f}"]
        for (model, source, batch), terms in found.items()
    ]
    return table("model|pictures|batch|steps per second|of a bare compiled step", rows, words=2)


def constant_input() -> str:
    """Return the outputs of newly initialised layers for a constant input, one row per layer."""
    from scripts.checkerboard import table

    return table()


def training_equivalence() -> str:
    """Return the distances between twins, and between a control and its original, after some training steps."""
    path = RESULTS / "quality" / "training_equivalence.csv"
    rows = {(row["precision"], row["step"]): row for row in read_csv(path)}
    lines = [
        "| step | twins, float64 | control, float64 | twins, float32 | control, float32 |",
        "|---:|---:|---:|---:|---:|",
    ]
    for step in ("0", "50", "100", "200", "500"):
        both = [rows[precision, step] for precision in ("float64", "float32")]
        cells = [f"{float(row[name]):.1e}" for row in both for name in ("distance", "control")]
        lines.append(f"| {step} | {' | '.join(cells)} |".replace("0.0e+00", "0"))
    last = [row for (precision, step), row in rows.items() if precision == "float32" and int(step) > 400]
    one, other = (sum(float(row[f"loss_{form}"]) for row in last) / len(last) for form in ("subpixel", "transpose"))
    lines += ["", f"Mean loss of the last {len(last)} steps in float32: {one:.3f} and {other:.3f}."]
    return "\n".join(lines) + "\n"


def conversion() -> str:
    """Return the gains of converted networks in each runtime, one row per network."""
    path = SPEED / "convert.csv"
    rows = {(row["network"], row["runtime"], row["term"]): row for row in read_csv(path)}
    runtimes = {"tensorflow": "TensorFlow", "xla": "XLA", "litert": "LiteRT", "onnx": "ONNX Runtime"}
    measured = [runtime for runtime in runtimes if any(runtime == key[1] for key in rows)]
    heads = " | ".join(runtimes[runtime] for runtime in measured)
    lines = [f"| network | {heads} | `faster`, TensorFlow |", f"|---|{'---:|' * (len(measured) + 1)}"]
    for network in dict.fromkeys(key[0] for key in rows):
        gains = [f"{float(rows[network, runtime, 'always']['gain']):.2f}" for runtime in measured]
        faster = float(rows[network, "tensorflow", "faster"]["gain"])
        lines.append(f"| {network} | {' | '.join(gains)} | {faster:.2f} |")
    return "\n".join(lines) + "\n"


def which_one() -> str:
    """Return the comparisons of all up-samplers, one row per up-sampler."""
    return findings_tables.which_one(read_comparisons(RESULTS / "quality" / "compare", SPEED / "networks_gpu.csv"))


TABLES: dict[str, Callable[[], str]] = {
    "which_one": which_one,
    "families": cards.families,
    "layers_gpu": layers_gpu,
    "training_gpu": training_gpu,
    "cards": cards.cards,
    "autoencoders": partial(
        published,
        "ae_*",
        "PSNR dB|SSIM|MSE",
        formatted("{psnr[value]:.2f}", "{ssim[value]:.4f}", "{mse[value]:.5f}"),
    ),
    "classifiers": partial(
        published,
        "features*",
        "accuracy|cross-entropy",
        formatted("{accuracy[value]:.2%}", "{cross_entropy[value]:.4f}"),
    ),
    "variational_autoencoders": partial(
        published,
        "vae_*",
        "ELBO|log-likelihood|Frechet distance (floor)",
        formatted(
            "{elbo[value]:.2f} ± {elbo[standard_error]:.2f}",
            "{log_likelihood[value]:.2f} ± {log_likelihood[standard_error]:.2f}",
            "{frechet[value]:.2f} ({frechet_floor[value]:.2f})",
        ),
    ),
    "generators": partial(
        published,
        "*gan_*",
        "Frechet distance (floor)|kernel distance (floor)|precision|recall|sure, of samples|sure, of pictures|classes",
        formatted(
            "{frechet[value]:.2f} ({frechet_floor[value]:.2f})",
            "{kernel[value]:.4f} ({kernel_floor[value]:.4f})",
            "{precision[value]:.3f}",
            "{recall[value]:.3f}",
            "{confident[value]:.1%}",
            "{confident_floor[value]:.1%}",
            "{smallest_class[value]:.1%} to {largest_class[value]:.1%}",
        ),
    ),
    "layers": layers,
    "conversion": conversion,
    "worked_example": worked_example.numbers,
    "constant_input": constant_input,
    "training_equivalence": training_equivalence,
    "exports": exports.table,
    "quantised": quantised.table,
    **scaling_tables.TABLES,
    **speed_tables.TABLES,
    **{f"super_resolution_x{scale}": partial(super_resolution_table, scale) for scale in (2, 3, 4)},
}


def main() -> int:
    """Write the tables, or compare them with their sources."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    all_equal = True
    for page in PAGES:
        old = page.read_text()
        new = PLACE.sub(lambda place: place[1] + TABLES[place["name"]]() + place[3], old)
        all_equal &= new == old
        if not options.check and new != old:
            page.write_text(new)
            print(f"written: {page.relative_to(ROOT)}")
    return int(options.check and not all_equal)


if __name__ == "__main__":
    sys.exit(main())
