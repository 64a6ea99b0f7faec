"""Run the tests of faults and of malicious inputs, and count the cases that were survived.

    python -m benchmarks.robustness.faults [--results FILE]

Each test uses real processes and a real file system. A row of results/robustness/reliability.csv holds the number of a
test's cases and how many of them ended as documented. Cases that this machine cannot try, such as a full disk where no
file system can be mounted, are left out and named. The exit code is 1 if a case was lost.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
from benchmarks.robustness.reliability import RESULTS, Trial, record

COMMAND = "python -m benchmarks.robustness.faults"
TESTS = {
    "fault": (
        "tests/training/test_faults.py",
        "tests/training/cluster/test_faults.py",
        "tests/training/runs/test_checkpoint.py",
    ),
    "harm": (
        "tests/zoo/pretrained/test_load.py",
        "tests/zoo/upscaling/test_files.py",
        "tests/zoo/imaging/test_files.py",
        "tests/training/tasks/test_encoded_pictures.py",
        "tests/training/data/test_picture_files.py",
    ),
}


def trials(kind: str, report: Path) -> tuple[list[Trial], list[str]]:
    """Read a JUnit report.

    Args:
        kind: of the tests; starts the rows' names.
        report: the file.

    Returns:
        One row per test function, and the functions of which no case could be tried.
    """
    tried: dict[str, list[bool]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0].removeprefix("test_").replace("_", " ")
        outcomes = {each.tag for each in case}
        if "skipped" not in outcomes:
            tried[name].append(not outcomes & {"failure", "error"})
        seconds[name] += float(case.attrib["time"])
    rows = [
        Trial(f"{kind}: {name}", len(passed), sum(passed), len(passed) - sum(passed), seconds[name], COMMAND)
        for name, passed in tried.items()
    ]
    return rows, [name for name in seconds if name not in tried]


def run_tests(files: Iterable[str], *options: str) -> int:
    """Run all tests of files, slow ones too, and return pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-m", "slow or not slow", *options, *files]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Run the tests, write the rows and print them; return 1 if a case was lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    lost = 0
    for kind, files in TESTS.items():
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            run_tests(files, f"--junit-xml={report}")
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
