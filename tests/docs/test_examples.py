"""Run every Python example of README.md and the pages, those of a page as one program."""

import contextlib
import os
import subprocess
import sys

import pytest

from tests.docs.test_commands import prepare
from tests.helpers.commands import environment
from tests.helpers.pages import PAGES, examples, name_of

WITH_EXAMPLES = [page for page in PAGES if examples(page)]
QUICK = ("docs/upsamplers.md",)
BEFORE = {"docs/cards.md": "import numpy as np\nimport zoo\npictures = np.zeros((2, 28, 28, 1), 'float32')\n"}
"""Code that runs before the examples of a page, which take its names as given."""


def program(page):
    text = examples(page)
    if name_of(page) == "docs/cards.md":
        # Each card has the line for its own model; those of CIFAR-10 take other pictures.
        lines = [
            line.replace("pictures", "np.zeros((2, 32, 32, 3), 'float32')") if "cifar10" in line else line
            for line in text.splitlines()
        ]
        text = "\n".join(lines)
    return BEFORE.get(name_of(page), "") + text


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_are_python(page):
    compile(program(page), name_of(page), "exec")


@pytest.mark.parametrize("name", QUICK)
def test_quick_examples_run(name, tmp_path):
    (page,) = (page for page in WITH_EXAMPLES if name_of(page) == name)
    prepare(tmp_path)
    with contextlib.chdir(tmp_path):
        exec(compile(program(page), name, "exec"), {"__name__": "example"})


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in WITH_EXAMPLES if name_of(page) not in QUICK], ids=name_of)
def test_examples_run(page, tmp_path):
    prepare(tmp_path)
    (tmp_path / "example.py").write_text(program(page))
    # The runtime that TensorFlow recommends in place of its own is not among the packages of requirements.txt.
    deprecated = "ignore::UserWarning:tensorflow.lite.python.interpreter"
    variables = environment(HOME=os.environ.get("HOME", "/"), PYTHONWARNINGS=deprecated)
    variables.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr == ""
