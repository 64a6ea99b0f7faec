"""Write docs/findings.md, its details and figures from the comparisons of twins in results/quality/compare/.

What initialisers do is taken from results/quality/icnr.csv.

    python -m scripts.findings [--collect runs/compare] [--check]

With --collect, the numbers of finished comparisons are first copied to results/quality/compare/<family>/<source>/, and
their pictures are drawn into the folder of the plots. With --check, nothing is written, and the exit code is 1 if a
page differs from the results. README.md has a table of the same results: run `python -m scripts.tables` afterwards.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

from scripts.comparisons import Comparison, read_comparisons
from scripts.findings_details import details
from scripts.findings_families import sections
from scripts.findings_icnr import Row, section
from scripts.findings_plots import plots, png
from scripts.findings_sentences import in_short
from scripts.findings_words import between, counted
from training.compare.results import records
from training.compare.results.records import Results
from zoo.system.files import read_csv

RESULTS = ROOT / "results" / "quality" / "compare"
PAGE = ROOT / "docs" / "findings.md"
FIGURES = Path("figures") / "compare"
COPIED = (
    records.FACTS,
    records.RUN_ROWS,
    records.COSTS,
    records.CURVES,
    records.SPECTRA,
    records.TWINS,
    records.PAIRS,
)
CROP, SIDE, GAP = 64, 112, 6
OVERVIEW = Path("figures") / "findings"
HEAD = """# Which up-sampler should I take?

One family, one data set and one budget, trained with each up-sampler: the same seeds, the same order of examples, the
same metrics. A difference counts if its 95 % interval over the seeds does not contain zero. Every sentence, table and
plot of this page is generated from the files in results/quality/, which `make compare FAMILY=...` and
`python -m benchmarks.icnr` write. All numbers are in [findings-details.md](findings-details.md).
"""
PLOTS = {
    "quality": (
        "Does it change the quality?",
        "Each dot is the mean difference from `subpixel` over the seeds, each line its 95 % interval. A line that does "
        "not cross zero is a difference. Right is better, also for a Frechet distance, of which less is better. The "
        "scales differ between the panels.",
    ),
    "time": (
        "What does it cost?",
        "Medians of interleaved runs on the processor that the details name, divided by the time of `subpixel`.",
    ),
    "checkerboard": (
        "Will I see a checkerboard?",
        "Energy at the frequencies of the up-sampler's stride that the data do not have, as a share of the output's "
        "energy.",
    ),
    "curves": (
        "Does one of them learn faster?",
        "Quality on validation pictures over the steps, the mean over the seeds. The evaluation before the first step "
        "is left out.",
    ),
    "initialiser": (
        "Is it the layer, or the weights it starts from?",
        "The difference between `transpose` and `subpixel`, and its two parts: `transpose` that starts as the same "
        "function as `subpixel`, against `subpixel`; and `transpose` with its usual initial weights, against that.",
    ),
}
TABLES = (
    "Quality is mean and standard deviation over the seeds; differences are in bold if their 95 % interval, in "
    "brackets, does not contain zero. The checkerboard is a share of the output's energy."
)


def collect(folder: Path, results: Path, figures: Path) -> None:
    """Copy the numbers of every finished comparison, and draw its pictures as one figure.

    Args:
        folder: of comparisons, such as runs/compare.
        results: the folder to copy to.
        figures: the folder to draw into.
    """
    for facts in sorted(folder.glob(f"*/*/{records.FACTS}")):
        target = results / facts.parent.relative_to(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            shutil.copyfile(facts.parent / name, target / name)
        figures.mkdir(parents=True, exist_ok=True)
        strip(records.read(facts.parent)).save(figures / f"{target.parent.name}_{target.name}_pictures.png")


def strip(results: Results) -> Image.Image:
    """Return the targets and every trained twin's outputs, one row each; large pictures are cropped to 64 x 64."""
    names = ["target", *(f"{twin.slug}-after" for twin in results.twins)]
    count = results.facts["pictures"]
    whole = Image.new("RGB", (count * (SIDE + GAP) - GAP, len(names) * (SIDE + GAP) - GAP), "white")
    for line, name in enumerate(names):
        for number in range(count):
            picture = Image.open(results.folder / records.PICTURES / f"{name}-{number}.png")
            left, top = ((size - min(size, CROP)) // 2 for size in picture.size)
            picture = picture.crop((left, top, left + min(picture.width, CROP), top + min(picture.height, CROP)))
            place = number * (SIDE + GAP), line * (SIDE + GAP)
            whole.paste(picture.resize((SIDE, SIDE), Image.Resampling.NEAREST), place)
    return whole


def draw(comparisons: list[Comparison], page: Path) -> None:
    """Write the plots over all comparisons, and those of each."""
    contents = {OVERVIEW / f"{name}.png": png(figure) for name, figure in plots(comparisons).items()}
    for each in comparisons:
        contents |= {FIGURES / f"{each.slug}_{name}.png": content for name, content in each.plots.items()}
    for path, content in contents.items():
        (page.parent / path).parent.mkdir(parents=True, exist_ok=True)
        (page.parent / path).write_bytes(content)


def pages(comparisons: list[Comparison], starts: Sequence[Row], page: Path) -> dict[Path, str]:
    """Return the content of the page and of its details, by path.

    Args:
        comparisons: of twins.
        starts: rows of `benchmarks.icnr`.
        page: the path of the page.
    """
    return {page: findings(comparisons, starts), page.with_stem(f"{page.stem}-details"): details(comparisons, FIGURES)}


def findings(comparisons: list[Comparison], starts: Sequence[Row]) -> str:
    """Return the page that answers the question."""
    if not comparisons:
        return HEAD
    facts = [each.results.facts for each in comparisons]
    budget = (
        f"So far there are {counted(len(comparisons), 'comparison')}, of "
        f"{between([fact['steps'] / 1000 for fact in facts], 0)} thousand steps with "
        f"{between([fact['seeds'] for fact in facts], 0)} seeds each: some minutes per run. What only long trainings "
        "show is not seen here."
    )
    first, *others = in_short(comparisons)
    parts = [HEAD, f"**{first}**", "", *(part for text in others for part in (text, "")), budget, ""]
    drawn = plots(comparisons)
    for name, (heading, caption) in PLOTS.items():
        if name in drawn:
            parts += [f"## {heading}", "", f"![{heading}]({OVERVIEW}/{name}.png)", "", f"*{caption}*", ""]
    parts += section(starts)
    return "\n".join([*parts, "## Family by family", "", TABLES, "", *sections(comparisons)])


def main() -> int:
    """Collect results and write the page, or compare the page with the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--collect", type=Path, help="a folder of comparisons, such as runs/compare")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    starts_file = options.results.with_name("icnr.csv")
    starts = read_csv(starts_file) if starts_file.is_file() else []
    networks_gpu = options.results.parents[1] / "speed" / "networks_gpu.csv"
    if options.check:
        written = pages(read_comparisons(options.results, networks_gpu), starts, options.page)
        return int(any(not path.is_file() or path.read_text() != text for path, text in written.items()))
    if options.collect:
        collect(options.collect, options.results, options.page.parent / FIGURES)
    comparisons = read_comparisons(options.results, networks_gpu)
    draw(comparisons, options.page)
    for path, text in pages(comparisons, starts, options.page).items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
