"""Write docs/findings.md, what the comparisons of twins show, from the results that are kept in results/compare/.

    python docs/findings.py [--collect runs/compare] [--check]

With --collect the files of finished comparisons are copied to results/compare/<family>/<source>/ first. With --check
nothing is written, and the exit code is 1 where the page is not what the results say.
"""

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from training.compare import records
from training.compare.page import budget, notes, table_lines
from training.compare.summaries import pair_rows, twin_rows
from training.compare.tables import columns
from training.compare.verdict import verdict

RESULTS = ROOT / "results" / "compare"
PAGE = ROOT / "docs" / "findings.md"
KEPT = (records.FACTS, records.RUN_ROWS, records.COSTS, records.CURVES, records.TWINS, records.PAIRS)
HEAD = """# Which up-sampler should I take?

What comparisons of twins found: one family, four up-samplers, the same seeds, data order, budget and metrics. Each
section is generated from the files in results/compare/; `make compare FAMILY=...` makes one, with plots and pictures.
"""


def collect(comparisons: Path, results: Path) -> None:
    """Copy the numbers of every finished comparison, not its pictures."""
    for facts in sorted(comparisons.glob(f"*/*/{records.FACTS}")):
        target = results / facts.parent.relative_to(comparisons)
        target.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(facts.parent / name, target / name)


def findings(results: Path) -> str:
    """The page."""
    parts = [HEAD]
    for path in sorted(results.glob(f"*/*/{records.FACTS}")):
        found = records.read(path.parent)
        rows = twin_rows(found)
        lines = [f"## {found.facts['name']} on {found.facts['source']['name']}", "", budget(found), ""]
        lines += [f"- {sentence}" for sentence in verdict(found, rows, pair_rows(found))]
        lines += ["", *table_lines(rows, columns(found, rows)), "", *(f"- {note}" for note in notes(found)), ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def main() -> int:
    """Collect and write, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--collect", type=Path, help="a folder of comparisons, such as runs/compare")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    if options.check:
        made = findings(options.results)
        kept = options.page.read_text() if options.page.is_file() else HEAD
        return int(kept != made)
    if options.collect:
        collect(options.collect, options.results)
    options.page.write_text(findings(options.results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
