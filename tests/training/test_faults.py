"""A training as a real process on a real file system that fails it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.small_commands import arguments, assert_same_end, final_weights, run_of
from training.runs.checkpoint import Checkpoints

pytestmark = pytest.mark.slow
STEPS = 20


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory, shapes_folder: Path) -> Path:
    """A finished run with checkpoints of steps 18 and 20, not to be changed."""
    folder = tmp_path_factory.mktemp("ended")
    command = [sys.executable, "-m", *map(str, arguments(shapes_folder, STEPS))]
    project = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    subprocess.run(command, cwd=folder, env=project, check=True, capture_output=True, timeout=400)
    return run_of(folder)


def unfinished(ended: Path, folder: Path, step: int) -> Path:
    """A copy of the run in another folder, as it was once that step was saved."""
    run = folder / "runs" / "ae_subpixel" / ended.name
    shutil.copytree(ended, run)
    shutil.rmtree(run / "saved_model")
    if step < STEPS:
        (run / "checkpoints" / f"step-{STEPS:08d}.npz").unlink()
    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    yield from mounted(tmp_path / "disk", "size=8m")


def mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Fill a disk until only `free` bytes are left; return the file to remove."""
    ballast = disk / "ballast"
    ballast.write_bytes(b"\0" * (shutil.disk_usage(disk).free - left))
    return ballast


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "all"])
def test_damaged_checkpoints_are_named_and_the_run_ends_as_it_would_have(
    command_process, tmp_path, shapes_folder, ended, damage
):
    run = unfinished(ended, tmp_path, STEPS)
    newest, before = (run / "checkpoints" / f"step-{step:08d}.npz" for step in (20, 18))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes({"cut": content[: len(content) // 3], "empty": b""}.get(damage, bytes(content)))
    if damage == "all":
        before.write_bytes(before.read_bytes()[:-100])
    done = command_process(*arguments(shapes_folder, STEPS))
    assert done.returncode == 0, done.stderr
    assert f"note: {newest.relative_to(tmp_path)} is damaged" in done.stdout
    if damage == "all":
        assert f"note: {before.relative_to(tmp_path)} is damaged" in done.stdout
        assert "the run begins again at step 0" in done.stdout
    else:
        assert f"resumed {run.relative_to(tmp_path)} at step 18" in done.stdout
    assert_same_end(ended, run)


@pytest.mark.parametrize(
    ("writes", "step", "left"), [("checkpoint", 18, 200_000), ("log", 18, 0), ("export", 20, 150_000)]
)
def test_a_full_disk_stops_the_run_and_harms_nothing(
    command_process, small_disk, shapes_folder, ended, writes, step, left
):
    run = unfinished(ended, small_disk, step)
    before = {path.name: path.read_bytes() for path in (run / "checkpoints").glob("step-*")}
    ballast = fill(small_disk, left)
    message = one_line(command_process(*arguments(shapes_folder, STEPS), folder=small_disk), 1)
    assert "No space left on device" in message
    assert {"checkpoint": "saved before is intact", "log": "tensorboard/", "export": ".saved_model.part"}[
        writes
    ] in message
    assert {path.name: path.read_bytes() for path in (run / "checkpoints").glob("step-*")} == before
    assert list(run.rglob(".*.part")) == []
    assert not (run / "saved_model").exists()
    ballast.unlink()
    done = command_process(*arguments(shapes_folder, STEPS), folder=small_disk)
    assert done.returncode == 0, done.stderr
    assert f"at step {step}" in done.stdout
    assert_same_end(ended, run)


@pytest.mark.parametrize(("writes", "step", "limit"), [("checkpoint", 18, 500_000), ("export", 20, 200_000)])
def test_files_that_may_not_grow_stop_the_run_and_harm_nothing(
    command_process, tmp_path, shapes_folder, ended, writes, step, limit
):
    """RLIMIT_FSIZE, where no file system can be mounted: checkpoints are larger than logs and exports."""
    run = unfinished(ended, tmp_path, step)
    before = {path.name: path.read_bytes() for path in (run / "checkpoints").glob("step-*")}
    message = one_line(command_process(*arguments(shapes_folder, STEPS), within=["prlimit", f"--fsize={limit}"]), 1)
    assert "File too large" in message
    assert {"checkpoint": "saved before is intact", "export": ".saved_model.part"}[writes] in message
    assert {path.name: path.read_bytes() for path in (run / "checkpoints").glob("step-*")} == before
    assert list(run.rglob(".*.part")) == []
    assert not (run / "saved_model").exists()
    done = command_process(*arguments(shapes_folder, STEPS))
    assert done.returncode == 0, done.stderr
    assert f"at step {step}" in done.stdout
    assert_same_end(ended, run)


def test_a_folder_that_cannot_be_written_is_bad_input(command_process, tmp_path, shapes_folder):
    for folder in mounted(tmp_path / "disk", "ro"):
        message = one_line(command_process(*arguments(shapes_folder, STEPS), folder=folder), 2)
        assert "cannot write to runs/ae_subpixel/" in message
        assert "Read-only file system; run from a folder you own" in message


def test_a_folder_without_permission_is_bad_input(command_process, tmp_path, shapes_folder):
    # The superuser writes everywhere, unless that capability is taken away.
    within = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    tmp_path.chmod(0o555)
    try:
        done = command_process(*arguments(shapes_folder, STEPS), within=within)
    finally:
        tmp_path.chmod(0o755)
    message = one_line(done, 2)
    assert "cannot write to runs/ae_subpixel/" in message
    assert "Permission denied; run from a folder you own" in message
    assert list(tmp_path.iterdir()) == []


def test_two_that_start_at_the_same_instant_never_share_a_folder(started, tmp_path, shapes_folder, ended):
    both = [started(*arguments(shapes_folder, STEPS)) for _ in range(2)]
    said = [process.communicate(timeout=400) for process in both]
    codes = [process.returncode for process in both]
    if sorted(codes) == [0, 2]:
        assert "is being trained by another process" in said[codes.index(2)][1]
        assert_same_end(ended, run_of(tmp_path))
    else:
        # One was so much slower that it began when the other had finished.
        assert codes == [0, 0]
        for run in (tmp_path / "runs" / "ae_subpixel").iterdir():
            assert_same_end(ended, run)


def test_a_training_that_diverges_is_never_exported(command_process, tmp_path, shapes_folder):
    for _ in range(2):
        done = command_process(*arguments(shapes_folder, STEPS), "learning_rate=1e30", "checkpoint_minutes=1e-9")
        message = one_line(done, 1)
        assert "not finite at step" in message
        run = run_of(tmp_path)
        checkpoint = Checkpoints(run / "checkpoints").load_newest()[0]
        assert checkpoint.step < int(message.partition("at step ")[2].partition(";")[0])
        assert all(np.isfinite(value).all() for value in checkpoint.arrays["network/model"])
        assert not (run / "saved_model").exists()


def test_pictures_that_change_between_a_kill_and_the_resume_are_told_of(
    command_process, tmp_path, shapes_folder, ended
):
    pictures = tmp_path / "pictures"
    shutil.copytree(shapes_folder, pictures)
    done = command_process(*arguments(pictures, STEPS))
    assert done.returncode == 0, done.stderr
    run = run_of(tmp_path)
    shutil.rmtree(run / "saved_model")
    kept = final_weights(run)
    Image.new("L", (28, 28), 200).save(pictures / "07.png")
    done = command_process(*arguments(pictures, STEPS))
    assert done.returncode == 0, done.stderr
    assert f"are not those that {run.relative_to(tmp_path)} began with, so this is a new run" in done.stdout
    assert len(list(run.parent.iterdir())) == 2
    assert not (run / "saved_model").exists()
    for group, values in final_weights(run).items():
        np.testing.assert_array_equal(values[0], kept[group][0])
    (pictures / "08.png").write_bytes(b"no picture")
    assert str(pictures / "08.png") in one_line(command_process(*arguments(pictures, STEPS)), 2)
