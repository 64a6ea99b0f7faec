import argparse
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.helpers.commands import ROOT
from zoo.command_line import (
    BAD_INPUT,
    FAILED,
    PIPE_CLOSED,
    SIGNALLED,
    Ending,
    OneLineParser,
    raise_on_signals,
    run_command,
)

LATIN = os.fsdecode(b"caf\xe9.png")
"""A file's name of four letters that is not UTF-8."""


def run(function, explain=lambda error: None):
    return run_command(argparse.Namespace(command=lambda _: function(), prog="python -m it"), explain)


def raising(error):
    def function():
        raise error

    return function


def test_what_is_missing_is_explained(capsys):
    parser = OneLineParser("it")
    commands = parser.add_subparsers(required=True, metavar="command")
    one = commands.add_parser("one")
    one.add_argument("--model", required=True, help="a published name")
    one.add_argument("--count", type=int)
    two = commands.add_parser("two")
    two.add_argument("--name", required=True, help="a name")
    two.add_argument("OUT.png")
    for given, message in (
        ([], "it: the following arguments are required: command; one of one, two\n"),
        (["one"], "it one: the following arguments are required: --model; a published name\n"),
        (
            ["two"],
            "it two: the following arguments are required: --name, OUT.png; --name: a name; "
            "OUT.png: it two --help says more\n",
        ),
        (["one", "--model", "x", "--count", "many"], "it one: argument --count: 'many' is not a whole number\n"),
    ):
        with pytest.raises(SystemExit) as stop:
            parser.parse_args(given)
        assert (stop.value.code, capsys.readouterr().err) == (BAD_INPUT, message)


def test_commands_return_their_code_or_none_for_success():
    assert run(lambda: None) == 0
    assert run(lambda: FAILED) == 1


def test_an_explained_exception_is_one_line_and_its_code(capsys):
    assert run(raising(ValueError("no")), lambda error: Ending(BAD_INPUT, f"{error}: take yes")) == 2
    assert capsys.readouterr() == ("", "python -m it: no: take yes\n")
    assert run(raising(KeyboardInterrupt()), lambda _: Ending(130, None)) == 130
    assert capsys.readouterr() == ("", "")


def test_a_command_whose_output_nothing_reads_ends_in_silence():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "list"], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)


def test_the_parser_reports_errors_in_a_line(capsys):
    with pytest.raises(SystemExit) as stopped:
        OneLineParser("python -m it").parse_args(["nosuch"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "python -m it: unexpected: nosuch; python -m it --help says what it takes\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lst",), "argument command: 'lst' is not one of list, card, .* \\(did you mean list\\?\\)"),
        (("list", "--pretraned"), "there is no option --pretraned \\(did you mean --pretrained\\?\\); choose from "),
        # The misspelt option is the one that is missing.
        (("upscale", "a", "b", "--modle=c"), "no option --modle \\(did you mean --model, .* --help lists all"),
        (("list", "esp_*"), "no model matches 'esp_\\*'; the families are ae, .*, vae: try 'espcn\\*'"),
        (("list", "--pretrained", "edsr*"), "no published model matches 'edsr\\*'; the families are ae, dcgan, "),
        (("card", "zzz"), "no published model 'zzz'; python -m zoo list --pretrained lists all\n"),
        (("card", "ae_subpixl"), "'ae_subpixl' \\(did you mean ae_subpixel, .*lists all\n"),
        (("sample", "ae_subpixel", "x.png"), "draws no pictures; published models of dcgan, sngan, vae do: "),
    ],
)
def test_a_misspelt_word_is_answered_with_those_that_exist(command, arguments, message):
    done = command("zoo", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(message, done.stderr)
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 250


def test_the_beginning_of_an_option_and_a_value_of_words_are_taken():
    parser = OneLineParser("python -m it")
    parser.add_argument("--pretrained", action="store_true")
    parser.add_argument("words", nargs="*")
    assert parser.parse_args(["--pre", "--two words", "--", "--more"]).words == ["--two words", "--more"]


def test_signals_raise_the_exception_of_their_number():
    before = signal.getsignal(signal.SIGUSR1)
    try:
        raise_on_signals(lambda number: SystemExit(SIGNALLED + number), signal.SIGUSR1)
        with pytest.raises(SystemExit) as stopped:
            os.kill(os.getpid(), signal.SIGUSR1)
        assert stopped.value.code == 128 + signal.SIGUSR1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_names_that_are_not_utf_8_are_printed_with_a_backslash(command, command_process, tmp_path):
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "in.png")
    arguments = ("zoo", "upscale", "in.png", LATIN, "--model", "bicubic_x2")
    done = command_process(*arguments, PYTHONIOENCODING="utf-8:strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, "caf\\udce9.png\n", "")
    assert Image.open(tmp_path / LATIN).size == (6, 4)
    done = command(*arguments)
    assert done.returncode == 2
    remedy = "--force replaces it, --skip-existing skips it"
    assert done.stderr == f"python -m zoo upscale: caf\\udce9.png exists already; {remedy}\n"


def name_of(size, ending=".png"):
    """Return a name of some bytes."""
    return "n" * (size - len(ending)) + ending


@pytest.mark.parametrize("name", [name_of(245), name_of(255), "two\nlines.png", "-dash.png", "dots...png", " .png"])
def test_every_name_is_written_and_printed_in_a_line(command, tmp_path, name):
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "in.png")
    done = command("zoo", "upscale", "--model", "bicubic_x2", "--", "in.png", name)
    shown = name.replace("\n", "\\x0a")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{shown}\n", "")
    assert Image.open(tmp_path / name).size == (6, 4)
    done = command("zoo", "upscale", "--model", "bicubic_x2", "--", name, "in.png")
    assert (done.returncode, done.stderr) == (
        2,
        "python -m zoo upscale: in.png exists already; --force replaces it, --skip-existing skips it\n",
    )


def test_a_name_that_no_file_can_have_is_refused_before_the_work(command, tmp_path):
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "in.png")
    done = command("zoo", "upscale", "in.png", name_of(256), "--model", "bicubic_x2")
    assert done.returncode == 2
    assert "has a name of 256 bytes; at most 255 are possible" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_training_reports_a_folder_whose_name_is_not_utf_8_in_a_line(command):
    done = command("training", "train", "--model", "ae_subpixel", "--data", f"folder:/nowhere/{LATIN}")
    assert done.returncode == 2
    assert "caf\\udce9.png" in done.stderr
    assert done.stderr.count("\n") == 1
