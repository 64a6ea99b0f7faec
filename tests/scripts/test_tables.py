"""Test that tables and figures of pages are equal to their sources."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tables_of_the_pages_are_what_cards_and_results_say():
    done = subprocess.run([sys.executable, "-m", "scripts.tables", "--check"], cwd=ROOT, env=None, check=False)
    assert done.returncode == 0, "run make readme"


def test_pictures_of_pages_exist_and_are_small():
    figures = list((ROOT / "docs" / "figures").glob("*"))
    assert figures
    assert all(path.stat().st_size <= 300_000 for path in figures)
    text = "".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    assert all(f"figures/{path.name}" in text for path in figures)


def test_the_results_of_super_resolution_are_what_the_cards_say(command):
    done = command("scripts.super_resolution", "--check", folder=ROOT)
    assert done.returncode == 0, "run make figures"
