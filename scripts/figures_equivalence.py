"""Draw the figures of docs/equivalence.md from the same arrays as its numbers.

python -m scripts.figures_equivalence
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
from matplotlib import pyplot as plt

from scripts import worked_example as example
from scripts.checkerboard import STARTS
from scripts.drawing import (
    EDGE,
    FADED,
    LINES,
    PLAIN,
    ZERO,
    blocks,
    by_phase,
    canvas,
    cell,
    frame,
    grid,
    save,
    sign,
)
from zoo.system.files import read_csv

FIGURES = ROOT / "docs" / "figures"
RESULTS = ROOT / "results" / "quality" / "training_equivalence.csv"


def phases() -> None:
    """Draw which taps of an output meet samples, in one dimension: every r-th does, the others meet zeros."""
    figure, axis = plt.subplots(figsize=(9, 3), layout="constrained")
    right, rows = 11.0, {5: 1.5, 6: 2.8}

    for place in range(7):
        sample = place % 2 == 0
        cell(axis, (0, place), f"$x_{place // 2}$" if sample else "0", PLAIN if sample else ZERO, 10)
    for output, row in rows.items():
        for place in range(output - 5, output + 1):
            tap, meets = output - place, place % 2 == 0
            colour, ink = (LINES[tap % 2], "black") if meets else (PLAIN, FADED)
            cell(axis, (row, place), f"$W_{tap}$", colour, 10, ink)
        axis.text(7.4, row + 0.5, f"$\\to\\ y_{output}$", fontsize=11, va="center")
    axis.text(0, -0.3, "high resolution: zeros inserted, a kernel of 6 taps", fontsize=10)

    for place in range(4):
        cell(axis, (0, right + place), f"$x_{place}$", PLAIN, 10)
    for output, row in rows.items():
        phase = output % 2
        for number, tap in enumerate((4 + phase, 2 + phase, phase)):
            cell(axis, (row, right + number + 1 - phase), f"$W_{tap}$", LINES[phase], 10)
        axis.text(right + 4.4, row + 0.5, f"$\\to\\ y_{output}$  of phase {phase}", fontsize=11, va="center")
    axis.text(right, -0.3, "low resolution: 3 taps for each phase", fontsize=10)

    for output in range(3, 9):
        cell(axis, (4.3, output + 3), f"$y_{output}$", LINES[output % 2], 10)
    axis.text(5.6, 4.8, "either way", fontsize=10, va="center", ha="right")
    canvas(axis, 19.4, 5.4)
    axis.set_ylim(5.4, -0.9)
    save(figure, FIGURES / "equivalence_phases.png")


def worked_example() -> None:
    """Draw both routes from (1, 4, 4) to (1, 8, 8)."""
    picture, kernel, scale = example.PICTURE, example.KERNEL, example.SCALE
    figure, axis = plt.subplots(figsize=(11, 8.2), layout="constrained")
    spread, samples = (example.insert_zeros(array, scale) for array in (picture, np.ones_like(picture)))
    whole = example.at_high_resolution(picture, kernel, scale)
    top, bottom = 2.2, 15.2

    axis.text(0, 0.6, "At high resolution: insert zeros, then one large kernel", fontsize=12)
    grid(axis, (top + 1.5, 0), spread, np.where(samples, PLAIN, ZERO), "x with zeros")
    sign(axis, (top + 5, 8.5), "*")
    grid(axis, (top + 3, 10.2), kernel, by_phase(4, 4), "W (1, 1, 4, 4)")
    sign(axis, (top + 5, 17.1), "=")
    grid(axis, (top, 20), whole, by_phase(*whole.shape), "all 10 x 10 values; framed: the last 8 x 8")
    frame(axis, (top + 2, 22), 8, 8)

    axis.text(
        0, bottom - 1.6, "At low resolution: a small kernel for each phase, then the periodic shuffle", fontsize=12
    )
    maps = example.at_low_resolution(picture, kernel, scale)[:, :, 1:, 1:]
    grid(axis, (bottom + 2.3, 0), picture, np.full((4, 4), PLAIN), "x (1, 4, 4)")
    sign(axis, (bottom + 4.3, 4.9), "*")
    blocks(axis, (bottom + 2, 5.8), example.sub_kernels(kernel, scale), "kernel (4, 1, 2, 2)")
    sign(axis, (bottom + 4.3, 11.3), "=")
    blocks(axis, (bottom, 12.2), maps, "(4, 4, 4)")
    sign(axis, (bottom + 4.3, 21.4), r"$\to$")
    grid(axis, (bottom + 0.3, 22), example.shuffle(maps), by_phase(8, 8), "shuffled: (1, 8, 8)")
    frame(axis, (bottom + 0.3, 22), 8, 8)
    canvas(axis, 30, bottom + 8.8)
    save(figure, FIGURES / "equivalence_worked_example.png")


def borders() -> None:
    """Draw which part of the output padding `same` keeps, for an even and an odd number of taps per phase."""
    figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
    samples, scale = 4, example.SCALE
    for row, size in ((0.8, 4), (3.4, 6)):
        length, start = scale * (samples - 1) + size, (size - scale) // 2
        for place in range(length):
            cell(axis, (row, place), str(place % scale), LINES[place % scale], 9)
        for block in range(0, length, scale):
            axis.plot((block + 0.12, block + 1.88), (row + 1.2, row + 1.2), color=EDGE, linewidth=2)
        frame(axis, (row, start), 1, scale * samples)
        position = "on" if start % scale == 0 else "off"
        text = f"K = {size}, k = {size // scale}: {start} dropped at each end, {position} the low-resolution grid"
        axis.text(0, row - 0.2, text, fontsize=10)
    canvas(axis, 12, 4.7)
    save(figure, FIGURES / "equivalence_borders.png")


def checkerboard() -> None:
    """Draw the outputs of newly initialised layers for a constant input."""
    starts = [start for start in STARTS if start.weights != "bilinear"]
    figure, axes = plt.subplots(1, len(starts), figsize=(11, 2.2), layout="constrained")
    for axis, start in zip(axes, starts, strict=True):
        output = start.middle(1)[..., 0]
        share = (output - output.mean()) / np.sqrt(np.mean(output**2))
        image = axis.imshow(share, cmap="RdBu_r", vmin=-1.5, vmax=1.5)
        axis.set(xticks=[], yticks=[])
        axis.set_title(start.layer.replace("`", "").replace(" ", "\n") + f"\n{start.weights}", fontsize=9)
    bar = figure.colorbar(image, ax=axes, ticks=(-1, 0, 1), pad=0.01, aspect=12)
    bar.set_label("deviation / RMS", fontsize=8)
    save(figure, FIGURES / "equivalence_checkerboard.png")


def training() -> None:
    """Draw the losses of twins that start as equal functions, and the distance between their weights."""
    rows = read_csv(RESULTS)
    figure, (loss, distance) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")

    def column(precision: str, name: str) -> tuple[list[int], list[float]]:
        chosen = [row for row in rows if row["precision"] == precision and row[name]]
        return [int(row["step"]) for row in chosen], [float(row[name]) or np.nan for row in chosen]

    loss.plot(*column("float32", "loss_subpixel"), color="#9ecae1", linewidth=4, label="ae_subpixel")
    loss.plot(*column("float32", "loss_transpose"), color="#a63603", linewidth=0.8, label="ae_transpose")
    loss.set(xlabel="step", ylabel="logarithm of the batch's squared error", title="float32: the twins' losses")
    loss.legend(frameon=False)

    for precision, colour in (("float32", "#a63603"), ("float64", "#08519c")):
        distance.plot(*column(precision, "control"), color=colour, linestyle=":", label=f"{precision}, control")
        distance.plot(*column(precision, "distance"), color=colour, linewidth=2, label=f"{precision}, twins")
    distance.axhline(1e-8, color=EDGE, linewidth=0.8, linestyle="--")
    distance.set(xlabel="step", ylabel="relative L2 of all weights", yscale="log", title="distance after mapping")
    distance.legend(frameon=False, loc="lower right")
    save(figure, FIGURES / "training_equivalence.png")


def draw() -> None:
    """Draw all figures of the page."""
    phases()
    worked_example()
    borders()
    checkerboard()
    training()


if __name__ == "__main__":
    draw()
