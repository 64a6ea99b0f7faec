"""Write docs/findings.md and its figures from the comparisons of twins in results/quality/compare/.

    python -m scripts.findings [--collect runs/compare] [--check]

With --collect, the numbers of finished comparisons are first copied to results/quality/compare/<family>/<source>/, and
their pictures are drawn into the folder of the plots. With --check, nothing is written, and the exit code is 1 if the
page differs from the results. README.md has a table of the same results: run `python -m scripts.tables` afterwards.
"""

import argparse
import shutil
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
from scripts.comparisons import Comparison, read_comparisons
from scripts.findings_sentences import in_short
from scripts.findings_tables import SECTIONS
from training.compare.report.markdown import table_lines
from training.compare.report.notes import CAPTIONS, budget, notes
from training.compare.report.tables import columns
from training.compare.report.verdict import verdict
from training.compare.results import records
from training.compare.results.records import Results
from zoo.registry import KINDS

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
HEAD = """# Which up-sampler should I take?

Results of comparisons of twins: one family with each of its up-samplers, trained with the same seeds, data order,
budget and metrics. Budgets are small, some minutes per run: differences that appear only after longer training are not
seen here. Every sentence and table is generated from the files in results/quality/compare/, which
`make compare FAMILY=...` writes.
"""


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


def draw(comparisons: list[Comparison], figures: Path) -> None:
    """Write the plots of every comparison."""
    for each in comparisons:
        figures.mkdir(parents=True, exist_ok=True)
        for name, content in each.plots.items():
            (figures / f"{each.slug}_{name}.png").write_bytes(content)


def findings(comparisons: list[Comparison]) -> str:
    """Return the page."""
    parts = [HEAD]
    if comparisons:
        parts += ["## In short", "", *(f"- {sentence}" for sentence in in_short(comparisons)), ""]
        for heading, introduction, make in SECTIONS:
            if content := make(comparisons):
                parts += [f"## {heading}", "", introduction, "", content]
        parts += ["## Each comparison", ""]
        parts += [part for each in comparisons for part in _section(each)]
    return "\n".join(parts)


def _section(each: Comparison) -> list[str]:
    results = each.results
    labels = _labels(results)
    drawn = {name: CAPTIONS[name] for name in each.plots}
    pictures = " | ".join(f"![{caption}]({FIGURES}/{each.slug}_{name}.png)" for name, caption in drawn.items())
    return [
        f"### {each.title}",
        "",
        budget(results),
        "",
        *(f"- {sentence}" for sentence in verdict(results, each.twins, each.pairs)),
        "",
        *table_lines(each.twins, columns(results, each.twins)),
        "",
        *(f"- {note}" for note in notes(results)),
        "",
        "| " + " | ".join(drawn.values()) + " |",
        "|" + "---|" * len(drawn),
        f"| {pictures} |",
        "",
        f"![Pictures]({FIGURES}/{each.slug}_pictures.png)",
        "",
        f"*From top to bottom: {labels}; the first seed.*",
        "",
    ]


def _labels(results: Results) -> str:
    """Return the names of the strip's rows."""
    target = "target" if KINDS[results.facts["kind"]].has_target else "pictures of the data"
    return ", ".join([target, *(twin.label for twin in results.twins)])


def main() -> int:
    """Collect results and write the page, or compare the page with the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--collect", type=Path, help="a folder of comparisons, such as runs/compare")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if options.check:
        page = findings(read_comparisons(options.results))
        return int(not options.page.is_file() or options.page.read_text() != page)
    figures = options.page.parent / FIGURES
    if options.collect:
        collect(options.collect, options.results, figures)
    comparisons = read_comparisons(options.results)
    draw(comparisons, figures)
    options.page.write_text(findings(comparisons))
    return 0


if __name__ == "__main__":
    sys.exit(main())
