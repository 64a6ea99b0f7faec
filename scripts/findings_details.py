"""Write docs/findings-details.md: all tables over the comparisons, and a section for each of them."""

from collections.abc import Sequence
from pathlib import Path

from scripts.comparisons import Comparison
from scripts.findings_tables import SECTIONS
from training.compare.report.markdown import table_lines
from training.compare.report.notes import CAPTIONS, budget, notes
from training.compare.report.tables import columns
from training.compare.report.verdict import verdict
from training.compare.results.records import Results
from zoo.registry import KINDS

HEAD = """# Findings in detail

All numbers of the comparisons that [findings.md](findings.md) summarises: twins of one family, trained with the same
seeds, data order, budget and metrics. Every sentence and table is generated from the files in results/quality/compare/.
"""


def details(comparisons: Sequence[Comparison], figures: Path) -> str:
    """Return the page.

    Args:
        comparisons: to show.
        figures: folder of their plots, relative to the page.
    """
    parts = [HEAD]
    for heading, introduction, make in SECTIONS:
        if content := make(comparisons):
            parts += [f"## {heading}", "", introduction, "", content]
    parts += ["## Each comparison", ""] if comparisons else []
    parts += [part for each in comparisons for part in _section(each, figures)]
    return "\n".join(parts)


def _section(each: Comparison, figures: Path) -> list[str]:
    results = each.results
    drawn = {name: CAPTIONS[name] for name in each.plots}
    pictures = " | ".join(f"![{caption}]({figures}/{each.slug}_{name}.png)" for name, caption in drawn.items())
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
        f"![Pictures]({figures}/{each.slug}_pictures.png)",
        "",
        f"*From top to bottom: {_labels(results)}; the first seed.*",
        "",
    ]


def _labels(results: Results) -> str:
    """Return the names of the strip's rows."""
    target = "target" if KINDS[results.facts["kind"]].has_target else "pictures of the data"
    return ", ".join([target, *(twin.label for twin in results.twins)])
