"""Check that the workflows, and the hook before a commit, call targets that the Makefile has."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.helpers.commands import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# The targets are tried here, and a machine without make can still run all other tests.
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_of_the_makefile(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]
    called = set()
    for job in jobs.values():
        named = job.get("strategy", {}).get("matrix", {}).get("target", [])
        for step in job["steps"]:
            command = step.get("run", "make")
            assert command.startswith("make")
            called.update(named if "matrix.target" in command else command.split()[1:2])
    assert called
    assert called <= TARGETS


def test_the_hook_before_a_commit_is_a_target_of_the_makefile():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {hook["entry"].removeprefix("make ") for hook in repository["hooks"]} <= TARGETS


@needs_make
@pytest.mark.parametrize(
    ("target", "given", "message"),
    [
        ("train", "MODEL=ae_subpixel", "needs a name: make train MODEL=ae_subpixel"),
        ("evaluate", "MODEL=ae_subpixel", "needs a name or the folder of a run"),
        ("compare", "FAMILY=ae", "needs a family: make compare FAMILY=ae"),
        ("report", "FAMILY=ae", "needs a family: make report FAMILY=ae"),
        ("publish", "REFRESH=ae_subpixel", "needs a run: make publish RUN="),
    ],
)
def test_make_says_what_a_target_needs(target, given, message):
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"make {target} {message}" in done.stderr
    assert subprocess.run(["make", "-n", target, given], cwd=ROOT, capture_output=True, check=False).returncode == 0


@needs_make
def test_make_refuses_a_variable_that_it_does_not_know():
    given = ["make", "--dry-run", "train", "MODEL=ae_subpixel"]
    assert subprocess.run([*given, "STEPS=5"], cwd=ROOT, capture_output=True, check=False).returncode == 0
    done = subprocess.run([*given, "STEP=5"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no variable STEP; 'make' alone lists them" in done.stderr
