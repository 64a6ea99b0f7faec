"""Test what an installation shows."""

import subprocess
import sys

from scripts.install import Progress
from tests.helpers.commands import ROOT


def test_progress_counts_packages_and_names_downloads():
    progress = Progress(expected=3)
    progress.read("Collecting numpy==2.4.6 (from -r requirements.txt (line 9))\n")
    assert progress.doing == "1 of 3 packages found"
    progress.read("  Downloading numpy-2.4.6-cp311-manylinux_x86_64.whl (16.8 MB)\n")
    assert progress.doing == "1 of 3 packages, numpy (16.8 MB)"
    progress.read("Requirement already satisfied: Pillow==13.0.0 in ./lib\n")
    progress.read("  Using cached a line that says nothing\n")
    assert progress.doing == "2 of 3 packages found"
    progress.read("Installing collected packages: a, b, c\n")
    assert progress.doing == "unpacking 3 packages"


def test_a_failed_installation_shows_what_pip_said(tmp_path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("./no-such-folder\n")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "install.py", wanted],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no-such-folder" in done.stderr
    assert done.stdout.startswith("installing 0 packages")
    assert "installed in" not in done.stdout
