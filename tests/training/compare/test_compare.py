import csv
import signal
import time

import pytest
import tensorflow as tf

from training.runs.checkpoint import Checkpoints

SMALL = ("--set", "batch=12", "model.filters=3", "log_every=3", "evaluations=2")


def comparing(folder, *more):
    return ("training", "compare", "--family", "ae", "--data", f"folder:{folder}", *more, *SMALL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "--family", "aee"), "did you mean ae"),
        (("compare", "--family", "ae", "--scale", "3"), "leave SCALE out"),
        (("compare", "--family", "ae", "--data", "folder:nosuch"), "nosuch"),
        (("compare", "--family", "fsrcnn", "--scale", "2", "--data", "photos", "--fairness", "mapped"), "fsrcnn_x2"),
        (("compare", "--family", "ae", "--steps", "few"), "'few' is not a whole number"),
        (("report", "--family", "ae"), "ae was not compared yet"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(command, tmp_path, arguments, message):
    done = command("training", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_comparison_measures_what_it_promises_and_repeats_nothing(command_process, tmp_path, shapes_folder):
    arguments = comparing(
        shapes_folder, "--steps", "6", "--seeds", "2", "--upsamplers", "subpixel,transpose", "--fairness", "own,mapped"
    )
    done = command_process(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("data: folder:")
    assert lines[1] == "comparing 3 twins of ae over 2 seeds, 6 steps each"
    assert not any(line.startswith(("model: ", "run: ")) for line in lines)
    assert lines[-1].startswith("report: runs/compare/ae/")
    folder = (tmp_path / lines[-1].removeprefix("report: ")).parent
    with (folder / "runs.csv").open() as file:
        rows = {(row["twin"], row["seed"]): row for row in csv.DictReader(file)}
    assert len(rows) == 6
    # One function to begin with, and rounding apart afterwards; Glorot's function is another.
    for seed in "01":
        own, mapped, glorot = (rows[twin, seed] for twin in ("own/subpixel", "mapped/transpose", "own/transpose"))
        assert float(own["psnr"]) == pytest.approx(float(mapped["psnr"]), abs=1e-3)
        assert float(own["constant_before"]) == pytest.approx(float(mapped["constant_before"]), abs=1e-6)
        assert float(own["constant_before"]) < 1e-6 < float(glorot["constant_before"])
    with (folder / "costs.csv").open() as file:
        costs = list(csv.DictReader(file))
    assert all(float(row[name]) > 0 for row in costs for name in ("forward_ms", "step_ms", "xla_ms", "memory_mib"))
    assert len({row["multiply_adds"] for row in costs}) == 1

    measured = files(folder)
    again = command_process(*arguments)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("(trained before)") == 6
    assert len(list((tmp_path / "runs").glob("ae_*/*"))) == 6
    board = folder / "tensorboard"
    for path, content in files(folder).items():
        assert content == measured.get(path) or board in (folder / path).parents, path

    for path in ("report.html", "report.md"):
        (folder / path).unlink()
    reported = command_process("training", "report", "--family", "ae")
    assert reported.returncode == 0, reported.stderr
    assert reported.stdout.strip() == lines[-1]
    assert (folder / "report.html").read_bytes() == measured[(folder / "report.html").relative_to(folder)]


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_trained(started, tmp_path, shapes_folder):
    arguments = comparing(shapes_folder, "--steps", "100000", "--seeds", "1", "--upsamplers", "subpixel,resize")
    process = started(*arguments)
    until = time.monotonic() + 120
    while not any((tmp_path / "runs").glob("ae_subpixel/*/tensorboard/*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 130, errors
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    (run,) = (tmp_path / "runs" / "ae_subpixel").iterdir()
    assert Checkpoints(run / "checkpoints").load_newest()[0].step > 0
    assert not (tmp_path / "runs" / "compare").exists()


@pytest.mark.slow
def test_super_resolution_is_compared_alike(command_process, tmp_path):
    small = ("--set", "batch=4", "patch=12", "evaluations=2", "model.filters=8")
    done = command_process(
        *("training", "compare", "--family", "espcn", "--scale", "3", "--data", "photos"),
        *("--steps", "4", "--seeds", "1", "--upsamplers", "subpixel,transpose,transpose_2r", *small),
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "compare" / "espcn_x3" / "photos"
    with (folder / "runs.csv").open() as file:
        rows = {row["twin"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"own/subpixel", "own/transpose", "own/transpose_2r"}
    # After four steps there is nothing to see yet.
    assert all(0 < float(row["psnr_y"]) < 40 for row in rows.values())
    assert float(rows["own/subpixel"]["constant_before"]) < 1e-6 < float(rows["own/transpose"]["constant_before"])
    picture = tf.io.decode_png((folder / "pictures" / "target-0.png").read_bytes())
    assert picture.shape[0] % 3 == 0
