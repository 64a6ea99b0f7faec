"""Test what a training prints."""

from types import SimpleNamespace

import pytest

from training.recipes import recipe_for
from training.reporting import TrainingConsole
from training.reporting import console as module
from training.reporting.console import StartFacts
from zoo.models import parse_name


@pytest.mark.parametrize("first", [0, 100])
def test_the_time_that_is_left_counts_evaluations(monkeypatch, capsys, tmp_path, first):
    seconds = iter([1000.0, 1030.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    recipe = recipe_for(parse_name("ae_subpixel").family, "glyphs", {"steps": first + 400})
    console = TrainingConsole()
    console.start(StartFacts(tmp_path, "ae_subpixel", 7, (28, 28, 1), recipe, 1, first, [("eval/psnr", "PSNR")]))
    # A hundred steps took ten seconds, and the evaluation twenty.
    console.progress(first + 100, {"eval/psnr": 20.0}, rate=10.0)
    assert f"step {first + 100}/{first + 400}  10 steps/s  90 s left  PSNR 20" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "said"), [(1, "of set5, 1 picture: psnr 30"), (2000, "2,000 pictures: psnr 30")])
def test_pictures_are_counted_in_words(count, said, capsys, tmp_path):
    evaluation = SimpleNamespace(means=lambda: {"psnr": 30.0}, split="test", source="set5", pictures=count)
    TrainingConsole().finish(SimpleNamespace(path=tmp_path, saved_model=tmp_path / "saved_model"), evaluation)
    assert said in capsys.readouterr().out
