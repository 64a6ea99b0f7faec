"""Check every command on a page: the parser of its program takes it, and what is quick is run."""

import contextlib
import importlib.util
import itertools
import json
import re
import shlex
import shutil
import subprocess
import tomllib

import numpy as np
import pytest
from PIL import Image

from tests.helpers.commands import ROOT, run_here
from tests.helpers.pages import PAGES, commands, name_of
from training.commands import _parser as training_parser
from zoo.__main__ import _parser as zoo_parser

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
COMMANDS = [
    pytest.param(page, command, id=f"{name_of(page)}: {' '.join(command)}"[:90])
    for page in PAGES
    for command in commands(page)
]
PLACES = {"NAME": "ae_subpixel", "FOLDER": "folder", "DIR": "folder"}
"""Words that stand for a value in a command, each with such a value."""

NOT_RUN = {"demo": "it serves a page until it is stopped"}
"""Commands of zoo that are only parsed here, and why; they have tests of their own."""


def filled(words):
    """Return the words of a command with values in place of `NAME`, `<run id>` and `...`."""
    return [PLACES.get(word, word) for word in words if word != "..."]


def accepted(parser, words):
    with contextlib.redirect_stderr(None):
        parser.parse_args(filled(words))


def zoo(words):
    # A sentence may name a command without its arguments.
    if len(words) > 1:
        accepted(zoo_parser(), words)
    else:
        assert all(word in zoo_parser().format_help() for word in words if word != "...")


def training(words):
    if len(words) > 1:
        accepted(training_parser(), words)


def make(words):
    variables = [word for word in words if "=" in word]
    targets = [word for word in words if "=" not in word and word != "..."]
    assert set(targets) <= TARGETS
    for variable in variables:
        assert f"$({variable.partition('=')[0]})" in MAKEFILE or variable.startswith("PYTHON=")
    # In a sentence, a target may stand without the variables that it needs.
    trains = {"train", "compare", "report", "evaluate", "publish"} & set(targets)
    if not variables or not trains or any("..." in word for word in words):
        return
    shown = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *filled(words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    line = shown.stdout.replace("\\\n", " ").split(" -m training ")[1]
    accepted(training_parser(), shlex.split(line))


def python(words):
    if words[0] != "-m":
        assert (ROOT / words[0]).is_file()
        return
    module, rest = words[1], words[2:]
    if module in ("zoo", "training"):
        {"zoo": zoo, "training": training}[module](rest)
        return
    assert module.split(".")[0] in ("scripts", "benchmarks", "hatchling", "pip")
    assert importlib.util.find_spec(module)


def pip(words):
    assert words[0] == "install"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in re.findall(r"\[([a-z,]+)\]", " ".join(words)):
        assert set(extra.split(",")) <= set(extras)


def names_files(words):
    """Accept a program that is not of this project, if the files of the repository that it names exist."""
    named = [word for word in words if re.match(r"(docs|examples|scripts)/", word)]
    assert all((ROOT / word).exists() for word in named)


def python3(words):
    assert words[:2] == ["-m", "venv"] or (ROOT / words[0]).exists()


PROGRAMS = {
    "make": make,
    "python": python,
    "subpixel-zoo": zoo,
    "pip": pip,
    "kubectl": names_files,
    "sbatch": names_files,
    "ls": names_files,
    "curl": names_files,
    "python3": python3,
    "serving/bin/pip": names_files,
    "serving/bin/python": names_files,
}


@pytest.mark.parametrize(("page", "words"), COMMANDS)
def test_the_program_of_a_command_takes_it(page, words):
    # Variables of the environment may stand before the program.
    program, *rest = itertools.dropwhile(lambda word: re.match(r"[A-Z_]+=", word), words)
    assert program in PROGRAMS, "a command of another program: add what can be checked of it to PROGRAMS"
    PROGRAMS[program](rest)


def test_what_is_not_a_command_fails():
    with pytest.raises(SystemExit):
        zoo(["upscale", "a.png", "b.png", "--nosuch"])
    with pytest.raises(SystemExit):
        make(["train", "MODEL=ae_subpixel", "STEPS=many"])
    with pytest.raises(AssertionError):
        make(["nosuch"])
    with pytest.raises(AssertionError):
        make(["train", "NOSUCH=1"])


def prepare(folder):
    """Write the files that commands and examples of the pages read."""
    import keras

    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    (folder / "photos" / "more").mkdir(parents=True)
    sample = folder / "zoo" / "demo" / "page" / "samples" / "cat.png"
    sample.parent.mkdir(parents=True)
    shutil.copy(ROOT / sample.relative_to(folder), sample)
    for name in ("small.png", "small.jpg", "photo.jpg", "in.png", "photos/a.png", "photos/more/b.jpg"):
        picture.save(folder / name)
    image = keras.Input((None, None, 3))
    up = keras.layers.Conv2DTranspose(3, 6, strides=2, padding="same")
    network = keras.Model(image, up(image))
    for name in ("in.keras", "my.keras", "my_model.keras"):
        network.save(folder / name)
    features = keras.Input((None, None, 64))
    keras.Model(features, keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same")(features)).save(
        folder / "generator.keras"
    )
    network.export(folder / "my_saved_model", verbose=False)
    shutil.copytree(ROOT / "saved_models" / "ae_subpixel", folder / "runs" / "ae_subpixel" / "0-s0" / "saved_model")


def _run(folder, words):
    words = [word.replace("1920x1080", "100x80") for word in filled(words)]
    return run_here(["zoo", *words], folder, {})


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_of_zoo_on_a_page_work(page, tmp_path):
    # A command in a sentence may name no files; it has fewer than two words after its name, but for `card NAME`.
    whole = [words[3:] for words in commands(page) if words[:3] == ["python", "-m", "zoo"]]
    whole = [words for words in whole if len(words) > 2 or words[:1] in (["card"], ["list"])]
    prepare(tmp_path)
    for words in whole:
        for name in ("out.tflite", "out.png", "large.png", "samples.png", "faster.keras", "out.keras"):
            (tmp_path / name).unlink(missing_ok=True)
        if words[0] in NOT_RUN:
            continue
        done = _run(tmp_path, words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        if words[0] == "card" and "--json" in words:
            json.loads(done.stdout)
