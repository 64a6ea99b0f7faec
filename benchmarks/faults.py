"""Run the tests of faults and of inputs that mean harm, and count what was survived.

    python benchmarks/faults.py [--results FILE]

Each is a test on real processes and a real file system; a row of results/reliability.csv has how many cases a test has
and how many of them ended as is documented. What cannot be tried on this machine, such as a disk that is full where no
file system can be mounted, is left out and named. Exit code 1 where a case was lost.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

# The project instead of this folder.
ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from benchmarks.reliability import RESULTS, Trial, record

COMMAND = "python benchmarks/faults.py"
TESTS = {
    "fault": (
        "tests/training/test_faults.py",
        "tests/training/test_cluster_faults.py",
        "tests/training/test_checkpoint.py",
    ),
    "harm": (
        "tests/zoo/test_pretrained.py",
        "tests/zoo/test_upscale_files.py",
        "tests/zoo/imaging/test_files.py",
        "tests/training/test_encoded_pictures.py",
        "tests/training/data/test_picture_files.py",
    ),
}


def trials(kind: str, report: Path) -> tuple[list[Trial], list[str]]:
    """Rows of a JUnit report, one a test function, and the functions of which nothing could be tried."""
    tried: dict[str, list[bool]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0].removeprefix("test_").replace("_", " ")
        outcomes = {each.tag for each in case}
        if "skipped" not in outcomes:
            tried[name].append(not outcomes & {"failure", "error"})
        seconds[name] += float(case.attrib["time"])
    rows = [
        Trial(f"{kind}: {name}", len(kept), sum(kept), len(kept) - sum(kept), seconds[name], COMMAND)
        for name, kept in tried.items()
    ]
    return rows, [name for name in seconds if name not in tried]


def main() -> int:
    """Run them, write the rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    lost = 0
    for kind, files in TESTS.items():
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            given = ["-q", "-m", "slow or not slow", "-o", "addopts=", f"--junit-xml={report}", *files]
            subprocess.run([sys.executable, "-m", "pytest", *given], cwd=ROOT, check=False)
            if not report.is_file():
                raise SystemExit(f"{kind}: pytest wrote no report")
            rows, untried = trials(kind, report)
        record(rows, options.results)
        for row in rows:
            print(f"{row.what}: {row.tried} tried, {row.lost} lost")
        for name in untried:
            print(f"{kind}: {name}: not tried on this machine")
        lost += sum(row.lost for row in rows)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
