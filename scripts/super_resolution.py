"""Collect the quality of the published super-resolution models, and draw their outputs for a photograph.

    python -m scripts.super_resolution [--check]

Writes results/quality/super_resolution.csv from the models' cards, and docs/figures/super_resolution.png. With --check,
nothing is written, and the exit code is 1 if the file differs from the cards.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import zoo
from scripts.cards import link
from zoo.names import PublishedName
from zoo.pretrained.references import papers
from zoo.system.files import csv_text, read_csv

RESULTS = ROOT / "results" / "quality" / "super_resolution.csv"
TIMES = ROOT / "results" / "speed" / "super_resolution.csv"
FIGURE = ROOT / "docs" / "figures" / "super_resolution.png"
METRICS = ("psnr_y", "ssim_y", "psnr_rgb")
SETS = ("set5", "set14")
PHOTOGRAPH = "chelsea.png"
CROP = (72, 60, 90, 150)
"""Top, left, height and width of the figure's part of the photograph."""
DRAWN = ("espcn_x3_subpixel", "fsrcnn_x3_subpixel", "sesr_x3_subpixel")


def collected() -> str:
    """Return the CSV: one row per published model, with metrics by test set."""
    rows = []
    for name in zoo.list_models("*_x[234]_*", pretrained=True):
        card = zoo.card(name)
        facts = {"model": name, **{key: card[key] for key in ("scale", "parameters", "multiply_adds", "source")}}
        values = {
            (entry["source"], key.partition(".")[0]): entry["value"]
            for key, entry in card["metrics"].items()
            if "degradation" not in entry
        }
        for source in SETS:
            for metric in METRICS:
                value = values.get((source, metric))
                facts[f"{source}_{metric}"] = "" if value is None else f"{value:.4f}"
        rows.append(facts)
    return csv_text(sorted(rows, key=lambda row: (row["scale"], row["model"])))


def table(scale: int) -> str:
    """Return the models of one scale, ordered by their PSNR on Set5, one row per model.

    It holds the models that papers publish and those of this zoo. Milliseconds are left out for models that were not
    measured.
    """
    models, timed = ([row for row in read_csv(path) if int(row["scale"]) == scale] for path in (RESULTS, TIMES))
    times = {row["term"]: float(row["milliseconds"]) for row in timed}

    def quality(row: dict[str, str], source: str, psnr: str, ssim: str) -> str:
        values = [row[f"{source}_{psnr}"], row[f"{source}_{ssim}"]]
        return " / ".join(f"{float(value):.{digits}f}" for value, digits in zip(values, (2, 4), strict=True) if value)

    lines: list[tuple[float, str]] = []
    for paper in papers(scale):
        cells = " | ".join(" / ".join(filter(None, paper.quality[source])) or "-" for source in SETS)
        note = f" ({paper.note})" if paper.note else ""
        time = times.get(f"{paper.model}_x{scale}")
        duration = f"{time:.1f}" if time else "-"
        line = f"| {paper.model}{note} | {paper.parameters or '-'} | - | {cells} | {duration} |"
        lines.append((float(paper.quality["set5"][0]), line))
    for row in models:
        name = row["model"]
        cells = " | ".join(quality(row, source, "psnr_y", "ssim_y") for source in SETS)
        time, twin = times.get(name), times.get(_twin(name))
        duration = f"{time:.1f} (twin {twin:.1f})" if time and twin else "-"
        work = f"{int(row['multiply_adds']) / 1e9:.1f} G"
        size = f"{int(row['parameters']) / 1000:.1f}K"
        line = f"| **{link(name)}** | {size} | {work} | {cells} | {duration} |"
        lines.append((float(row["set5_psnr_y"]), line))
    head = [
        f"| x{scale} | parameters | multiply-adds | Set5 PSNR / SSIM | Set14 PSNR / SSIM | ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(line for _, line in sorted(lines))]) + "\n"


def _twin(name: str) -> str:
    published = PublishedName.parse(name)
    stem, _, upsampler = published.model.rpartition("_")
    tag = name.removeprefix(published.model)
    return f"{stem}_{'transpose' if upsampler == 'subpixel' else 'subpixel'}{tag}"


def draw() -> None:
    """Draw one crop of the photograph, enlarged by 3: bicubic enlargement, networks, and the original."""
    import matplotlib as mpl

    from training.data import open_source
    from training.tasks.super_resolution.protocol import bicubic_candidate, exported_candidate
    from zoo.imaging import cropped, degrade
    from zoo.metrics import super_resolution_metrics
    from zoo.pretrained.load import verify

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    photos = open_source("photos")
    pictures = dict(zip(photos.names("test"), photos.pictures("test"), strict=True))
    original = cropped(pictures[PHOTOGRAPH], 3)
    low = degrade(original, 3)
    published = zoo.list_models(pretrained=True)
    enlargers = {"bicubic": bicubic_candidate("bicubic_x3")}
    enlargers |= {name: exported_candidate(verify(name), 3) for name in DRAWN if name in published}
    panels = []
    for name, enlarger in enlargers.items():
        output = enlarger.enlarge_rgb(low)
        psnr = super_resolution_metrics(original, output, 3)["psnr_y"]
        panels.append((f"{name}\n{psnr:.2f} dB", output))
    panels.append((f"original\n{PHOTOGRAPH}, scikit-image", original))
    top, left, height, width = CROP
    figure, axes = plt.subplots(1, len(panels), figsize=(2.6 * len(panels), 2.2), layout="constrained")
    for axis, (label, picture) in zip(axes, panels, strict=True):
        axis.imshow(picture[top : top + height, left : left + width], interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_title(label, fontsize=9)
        axis.spines[:].set_visible(False)
    figure.savefig(FIGURE, dpi=100, metadata={"Software": None})


def main() -> int:
    """Write the results and the figure, or compare the results with the cards."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = collected()
    if options.check:
        return int(not RESULTS.is_file() or RESULTS.read_text() != text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text)
    draw()
    return 0


if __name__ == "__main__":
    sys.exit(main())
