import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training" / "compare"))
from comparison_files import write_comparison

from training.compare.report import write_report

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    return subprocess.run([sys.executable, ROOT / "docs" / "findings.py", *map(str, arguments)], cwd=ROOT, check=False)


def test_the_page_says_what_the_kept_results_say(tmp_path):
    write_report(write_comparison(tmp_path / "compare" / "ae" / "glyphs"))
    places = ("--results", tmp_path / "results", "--page", tmp_path / "findings.md")
    assert run("--collect", tmp_path / "compare", *places).returncode == 0
    page = (tmp_path / "findings.md").read_text()
    assert "## ae on glyphs" in page
    assert "- Take `subpixel`: no other was shown to be better in PSNR" in page
    assert "| resize | 27.100 ± 0.100 |" in page
    assert {path.name for path in (tmp_path / "results" / "ae" / "glyphs").iterdir()} >= {"runs.csv", "pairs.csv"}
    assert run("--check", *places).returncode == 0
    runs = tmp_path / "results" / "ae" / "glyphs" / "runs.csv"
    runs.write_text(runs.read_text().replace("27.0", "26.0"))
    assert run("--check", *places).returncode == 1


def test_the_page_of_the_repository_is_what_its_results_say():
    assert run("--check").returncode == 0, "run python docs/findings.py"
