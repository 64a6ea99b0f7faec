import os
import signal
import time

import numpy as np
import pytest

from tests.helpers.small_commands import arguments, assert_same_end, wait_for
from training.loop.loop import Loop
from training.runs.checkpoint import Checkpoints


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "ae_subpixl"), "did you mean ae_subpixel"),
        (("--model", "nothing"), "there is no model 'nothing'; python -m zoo list lists all"),
        (("--model", "ae_subpixel", "--data", "nosuch"), "nosuch"),
        (("--model", "ae_subpixel", "--steps", "-1"), "steps=-1 must be greater than 0"),
        (("--model", "ae_subpixel", "--steps", "many"), "'many' is not a whole number"),
        (("--model", "ae_subpixel", "--data", "folder:/nowhere"), "/nowhere"),
        (("--model", "ae_subpixel", "--precision", "int3"), "'int3' is not one of float32"),
        (("--model", "ae_subpixel", "--strategy", "magic"), "magic"),
        (("--model", "ae_subpixel", "--seed", "-4"), "seed=-4"),
        (("--model", "ae_subpixel", "--workers", "0"), "workers=0"),
        (("--model", "ae_subpixel", "--workers", "2", "--strategy", "one"), "strategy one trains in one process"),
        (("--model", "ae_subpixel", "--workers", "3"), "batch=128 does not divide by 3 workers"),
        (
            ("--model", "ae_subpixel", "--set", "bacth=2"),
            "no field 'bacth' (did you mean batch, patch?); python -m training train --help lists all",
        ),
        (("--model", "ae_subpixel", "--data", "set5"), "set5"),
        (("--model", "ae_subpixel", "--init", "nosuch", "--data", "glyphs"), "no published model 'nosuch'"),
        ((), "--model"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(command, tmp_path, arguments, message):
    done = command("training", "train", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("publish", "--run", "runs/nowhere"), "no config.json"),
        (("evaluate", "--model", "nosuch"), "no published model 'nosuch'"),
        (("evaluate", "--model", "runs/nowhere"), "no config.json"),
        (("trian",), "trian"),
    ],
)
def test_the_other_commands_refuse_alike(command, tmp_path, arguments, message):
    done = command("training", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_set_that_cannot_be_had_is_one_line_and_leaves_nothing(command_process, tmp_path):
    # A proxy that nothing listens at stands for a network that does not answer.
    proxy = "http://127.0.0.1:9"
    nothing = {"TFDS_DATA_DIR": str(tmp_path / "sets"), "HOME": str(tmp_path / "home")}
    done = command_process(
        *("training", "train", "--model", "ae_subpixel", "--data", "mnist"),
        **nothing,
        http_proxy=proxy,
        https_proxy=proxy,
    )
    assert done.returncode == 2, done.stderr
    assert "mnist is not prepared" in done.stderr
    assert str(tmp_path / "sets") in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_training_says_little_and_ends_with_the_saved_model(command_process, tmp_path, shapes_folder):
    done = command_process(*arguments(shapes_folder, 20), "--set", "log_every=50")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    # On a slow machine, lines say that starting TensorFlow and the like take more than ten seconds.
    lines = [line for line in done.stdout.splitlines() if not line.endswith((" s so far", " s left"))]
    shown = [line for line in lines if line.startswith("step ")]
    assert len(shown) == 4
    assert all("loss (log MSE) -" in line for line in shown)
    assert lines[0].startswith("data: folder:")
    assert lines[1].startswith("model: ae_subpixel, ")
    assert lines[2].startswith("run: runs/ae_subpixel/")
    assert lines[-1].startswith("SavedModel: runs/ae_subpixel/")
    assert len(lines) < 15
    assert (tmp_path / lines[-1].removeprefix("SavedModel: ") / "saved_model.pb").is_file()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_signal_saves_and_says_how_to_go_on(started, command, tmp_path, shapes_folder, monkeypatch, number, code):
    training = (*arguments(shapes_folder, 200_000), "--set", "checkpoint_minutes=0.01")
    process = started(*training)
    runs = tmp_path / "runs" / "ae_subpixel"
    # A log is there before the first step is, after which a signal has something to save.
    wait_for(lambda: any(runs.glob("*/checkpoints/step-*.npz")), process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    (run,) = runs.iterdir()
    step = Checkpoints(run / "checkpoints").load_newest()[0].step
    assert step > 0
    assert f"at step {step}" in errors

    # The training that would follow does not matter here.
    monkeypatch.setattr(Loop, "train_to_end", lambda loop: os.kill(os.getpid(), number))
    again = command(*training)
    assert again.returncode == code
    assert f"resumed runs/ae_subpixel/{run.name} at step {step}" in again.stdout.splitlines()


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_bits(started, command_process, tmp_path, shapes_folder):
    undisturbed = command_process(*arguments(shapes_folder, 3000), "--no-resume")
    assert undisturbed.returncode == 0, undisturbed.stderr
    (first,) = (tmp_path / "runs" / "ae_subpixel").iterdir()
    generator = np.random.default_rng(0)
    second = first.with_name(f"{first.name}-2")
    process = started(*arguments(shapes_folder, 3000))
    for _ in range(3):
        wait_for(lambda: any(second.glob("checkpoints/step-*")), process)
        time.sleep(float(generator.uniform(0, 2)))
        process.kill()
        process.communicate()
        process = started(*arguments(shapes_folder, 3000))
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert f"resumed runs/ae_subpixel/{second.name} at step" in output
    assert_same_end(first, second)
