"""Test that benchmarks restart themselves with the allocator's settings."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.allocator import KEEPING

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "import os, sys\nfrom benchmarks.allocator import keep_freed_memory\n"
SHOW = "keep_freed_memory()\nprint(sys.argv[1:], os.environ['MALLOC_ARENA_MAX'])\n"


def test_a_module_is_restarted_as_a_module_with_its_arguments(tmp_path):
    package = tmp_path / "commands"
    package.mkdir()
    (package / "__init__.py").write_text("")
    # The relative import works only in a module of a package, which the restarted process must therefore run.
    (package / "show.py").write_text(f"from . import __name__\n{COMMAND}{SHOW}")
    variables = {name: value for name, value in os.environ.items() if name not in KEEPING}
    done = subprocess.run(
        [sys.executable, "-m", "commands.show", "--quick", "x"],
        env=variables | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['--quick', 'x'] 1\n"
