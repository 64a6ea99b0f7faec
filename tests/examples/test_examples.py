"""Run the example programs as a user does, and check the numbers that they print and the files that they write."""

import json
import re
import runpy
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import zoo

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def example(tmp_path, monkeypatch, capsys):
    """`example("enlarge", "photo.png")`: what a program prints when it runs in an empty folder."""

    def run(name, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        monkeypatch.undo()
        return capsys.readouterr().out

    return run


def numbers(pattern, text):
    """Return the numbers of a pattern's first match."""
    return [float(group) for group in re.search(pattern, text).groups()]


def test_every_program_is_listed_and_short():
    page = (EXAMPLES / "README.md").read_text()
    programs = sorted(EXAMPLES.glob("*.py"))
    assert len(programs) == 5
    for program in programs:
        assert f"[{program.name}]({program.name})" in page
        source = program.read_text()
        assert source.count("\n") <= 80
        assert not re.search(r"^(from|import) (training|scripts|benchmarks|tests|zoo\.system)", source, re.MULTILINE)


def test_a_network_of_ones_own_becomes_better_than_interpolation(example, tmp_path):
    interpolated, network = numbers(r"interpolation ([\d.]+) dB, network ([\d.]+) dB", example("own_model"))
    assert network > interpolated + 1
    (folder,) = tmp_path.glob("own_model-*")
    model = keras.saving.load_model(folder / "discs.keras")
    assert model(np.zeros((1, 5, 9, 1), np.float32)).shape == (1, 10, 18, 1)


def test_the_notebook_says_what_its_program_says(command):
    assert command("scripts.notebook", "--check").returncode == 0, "run python -m scripts.notebook"
    cells = json.loads((EXAMPLES / "own_model.ipynb").read_text())["cells"]
    assert [cell["cell_type"] for cell in cells[:4]] == ["markdown", "code", "markdown", "code"]
    assert "".join(cells[0]["source"]).startswith("# Put `SubpixelConv2D` into a model of your own")
    assert not any(cell.get("outputs") for cell in cells)


@pytest.mark.slow
def test_the_notebooks_cells_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for cell in json.loads((EXAMPLES / "own_model.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    monkeypatch.undo()
    interpolated, network = numbers(r"interpolation ([\d.]+) dB, network ([\d.]+) dB", capsys.readouterr().out)
    assert network > interpolated + 1


def test_a_generator_is_converted_and_back(example, tmp_path):
    text = example("convert_model")
    (difference,) = numbers(r"relative to the largest output: ([\d.e-]+)", text)
    (saved,) = numbers(r"generator.keras: ([\d.e-]+) from", text)
    (back,) = numbers(r"converted back: ([\d.e+-]+) from", text)
    assert max(difference, saved, back) < 1e-6
    (file,) = tmp_path.glob("convert_model-*/generator.keras")
    assert "Conv2DTranspose" not in file.read_bytes().decode("latin-1")
    assert re.search(r"up2: .*\d ms instead of \d.* ms", text)


@pytest.mark.slow
def test_published_models_draw_digits_and_are_fine_tuned(example, tmp_path):
    text = example("pretrained")
    elbo = zoo.card("vae_subpixel")["metrics"]["elbo"]["value"]
    assert f"vae_subpixel: 912,289 parameters, trained on mnist, ELBO {elbo:.2f} nats per picture" in text
    before, after = numbers(r"digits: ([\d.]+), after five more epochs ([\d.]+)", text)
    assert after < before
    (file,) = tmp_path.glob("pretrained-*/digits.png")
    sheet = Image.open(file)
    assert (sheet.size, sheet.mode) == ((280, 140), "L")
    assert np.asarray(sheet).max() > 200


@pytest.mark.slow
def test_published_models_enlarge_better_than_bicubic(example, tmp_path):
    rows, columns = np.mgrid[:61, :83]
    rings = np.where(np.hypot(rows - 30, columns - 40) % 20 < 10, 220, 30)
    Image.fromarray(rings.astype(np.uint8)).save(tmp_path / "rings.png")
    text = example("enlarge", "rings.png", "large")
    decibels = {name: float(value) for name, value in re.findall(r"^([\w.]+): ([\d.]+) dB", text, re.MULTILINE)}
    assert set(decibels) == {"bicubic_x2", *zoo.list_models("*_x2_*", pretrained=True)}
    assert all(value > decibels["bicubic_x2"] for name, value in decibels.items() if name != "bicubic_x2")
    for name in decibels:
        assert Image.open(tmp_path / "large" / f"{name}.png").size == (82, 60)
    assert "1.5 times as large: 62 x 45 pixels of uint8" in text
    with pytest.raises(SystemExit, match=r"which picture\?"):
        example("enlarge")
    with pytest.raises(SystemExit, match="large exists already"):
        example("enlarge", "rings.png", "large")


@pytest.mark.slow
def test_twins_are_trained_and_compared(example):
    text = example("two_twins", 60)
    (difference,) = numbers(r"differs from the first by ([\d.e-]+)", text)
    assert 0 < difference < 1e-6
    line = r": +([\d.]+) dB, checkerboard ([\d.]+) % before, +([\d.]+) dB, checkerboard ([\d.]+) % after 60 steps"
    first, second, third = (
        numbers(f"{name}{line}", text) for name in ("ae_subpixel", "ae_transpose", "ae_transpose, from mapped weights")
    )
    assert first[:2] == third[:2]
    assert abs(first[2] - third[2]) < 0.05
    assert first[1] < 0.1
    assert second[1] > 1
    assert min(first[2], second[2]) > 12
