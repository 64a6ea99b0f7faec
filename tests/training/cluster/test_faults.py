"""Kill or stop one worker of a cluster of real processes."""

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.local_cluster import start_workers
from tests.helpers.small_commands import arguments, run_of
from training.runs.checkpoint import Checkpoints

pytestmark = pytest.mark.slow
ENDLESS = 1_000_000
SECONDS = 60
Process = subprocess.Popen[str]


@pytest.fixture
def cluster(started, shapes_folder, tmp_path):
    """`cluster(2)`: start that number of workers by hand, each with its own TF_CONFIG."""
    processes: list[Process] = []

    def start(count: int) -> list[Process]:
        command = arguments(shapes_folder, ENDLESS, "checkpoint_minutes=0.01")
        processes.extend(start_workers(started, [tmp_path] * count, command))
        return processes[-count:]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint of the run below a folder."""
    steps = [int(path.stem.removeprefix("step-")) for path in folder.glob("runs/*/*/checkpoints/step-*.npz")]
    return max(steps, default=0)


def wait_until_saved(folder: Path, after: int, processes: Sequence[Process]) -> None:
    until = time.monotonic() + 300
    while newest(folder) <= after:
        for process in processes:
            assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)


def ends(processes: Sequence[Process]) -> list[tuple[int, str, str]]:
    """Return exit codes, output and errors of processes, which have a minute to stop."""
    until = time.monotonic() + SECONDS
    outputs = [process.communicate(timeout=max(0.1, until - time.monotonic())) for process in processes]
    return [(process.returncode, *text) for process, text in zip(processes, outputs, strict=True)]


@pytest.mark.parametrize(("count", "victim"), [(2, 1), (3, 0)])
def test_the_others_stop_when_a_worker_is_killed_and_all_resume(cluster, tmp_path, count, victim):
    workers = cluster(count)
    wait_until_saved(tmp_path, 0, workers)
    workers[victim].kill()
    for code, _, errors in ends([worker for worker in workers if worker is not workers[victim]]):
        assert code == 1, errors
        assert "another worker is gone at step" in errors
        assert "Traceback" not in errors
    step = newest(tmp_path)

    workers = cluster(count)
    wait_until_saved(tmp_path, step, workers)
    workers[-1].send_signal(signal.SIGTERM)
    results = ends(workers)
    assert [code for code, _, _ in results] == [143] * count, results
    stopped = Checkpoints(run_of(tmp_path) / "checkpoints").load_newest()[0].step
    assert f"at step {step}\n" in results[0][1]
    for _, _, errors in results:
        assert errors.endswith(f"stopped and saved at step {stopped}; the same command goes on from there\n")
        assert "Traceback" not in errors


def children(process: Process) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.fixture
def local(started, shapes_folder, tmp_path):
    """`local(2)`: `--workers 2`, once it has saved."""
    processes: list[Process] = []

    def start(count: int) -> Process:
        command = arguments(shapes_folder, ENDLESS, "checkpoint_minutes=0.01", "--workers", count)
        processes.append(started(*command))
        wait_until_saved(tmp_path, 0, processes[-1:])
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_local_workers_stop_with_the_one_that_is_killed(local):
    parent = local(3)
    workers = children(parent)
    assert len(workers) == 3
    subprocess.run(["kill", "-KILL", str(workers[1])], check=True)
    ((code, _, errors),) = ends([parent])
    assert code == 1
    assert "worker 1 ended with exit code 137; the others were stopped; the same command goes on" in errors
    assert not any(map(running, workers))


def test_local_workers_do_not_outlive_the_process_that_started_them(local, tmp_path):
    parent = local(2)
    workers = children(parent)
    parent.kill()
    until = time.monotonic() + SECONDS
    while any(map(running, workers)):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert "and saved at step" in parent.communicate()[1]
    assert Checkpoints(run_of(tmp_path) / "checkpoints").load_newest()[1] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_local_workers_save_and_stop_together(local, tmp_path, number):
    parent = local(2)
    parent.send_signal(number)
    ((code, _, errors),) = ends([parent])
    assert code == 128 + number
    step = Checkpoints(run_of(tmp_path) / "checkpoints").load_newest()[0].step
    assert f"stopped and saved at step {step};" in errors
    assert errors.count("\n") == 1
