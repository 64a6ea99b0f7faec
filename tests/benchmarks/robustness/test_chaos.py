"""Test that killed trainings are compared with undisturbed ones."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from training.runs.checkpoint import Checkpoints

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_a_training_that_is_killed_three_times_reaches_the_same_bits(tmp_path):
    results = tmp_path / "reliability.csv"
    options = ["--kills", "3", "--steps", "100", "--results", str(results)]
    command = [sys.executable, "-m", "benchmarks.robustness.chaos", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("begun at step") == 3
    (row,) = csv.DictReader(results.open())
    assert (row["tried"], row["survived"], row["lost"]) == ("3", "3", "0")


def test_what_two_runs_do_not_share_is_named(tmp_path):
    import keras
    import tensorflow as tf

    from benchmarks.robustness.chaos import differences

    class Exported(tf.Module):
        variables = ()

    def run(name: str, value: float, metrics: str) -> Path:
        folder = tmp_path / name
        (folder / "checkpoints").mkdir(parents=True)
        variable = keras.Variable(value)
        Checkpoints(folder / "checkpoints").save(1, {"network/model": [variable]}, {})
        module = Exported()
        module.variables = [tf.Variable(value)]
        tf.saved_model.save(module, str(folder / "saved_model"))
        (folder / "metrics.csv").write_text(metrics)
        return folder

    one, same, other = run("one", 1.0, "a"), run("same", 1.0, "a"), run("other", 2.0, "b")
    assert differences(one, same) == []
    (same / ".saved_model.part").mkdir()
    assert differences(one, same) == [f"unfinished files: {same / '.saved_model.part'}"]
    assert differences(one, other) == ["the variables of network/model", "the exported variables", "metrics.csv"]
    shutil.rmtree(other / "checkpoints")
    assert differences(one, other) == ["a last checkpoint that can be read"]
