"""Run several local processes as one MultiWorker cluster."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from training.errors import RunError
from zoo.command_line import BAD_INPUT, SIGNALLED

STOPPED = (SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM)
GRACE_SECONDS = 60.0
GRACE_SECONDS_OF_BAD_INPUT = 5.0
# Environment variable that holds a pipe's descriptor. The pipe closes when the launching process ends, even if it is
# killed.
_PARENT = "SUBPIXEL_ZOO_PARENT"


def run_workers(count: int, arguments: Sequence[str]) -> None:
    """Run `python -m training <arguments>` in `count` processes on this machine until all have ended.

    They write to this process's output. A signal is passed on to all of them: the run is saved and they stop together.
    If any worker fails, the others are stopped; if this process is killed, they stop as on SIGTERM.

    Raises:
        RunError: a worker failed.
        SystemExit: with the exit code of bad input, or of workers that were stopped by a signal.
    """
    workers: list[subprocess.Popen[bytes]] = []

    def forward(number: int, _: FrameType | None) -> None:
        for worker in workers:
            worker.send_signal(number)

    # The workers read this pipe until its writing end closes, which this process alone holds.
    reading_end, writing_end = os.pipe()
    for config in local_clusters(count):
        workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "training", *arguments],
                env=os.environ | {"TF_CONFIG": config, _PARENT: str(reading_end)},
                pass_fds=(reading_end,),
                # In this process's session, every worker would receive a Ctrl-C twice.
                start_new_session=True,
            )
        )
    # Before this line a signal ends this process, and the workers with it.
    previous = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    failed = None
    try:
        while failed is None and _running(workers):
            time.sleep(0.1)
            failed = next((index for index, worker in enumerate(workers) if worker.poll()), None)
        if failed is not None and _code(workers[failed]) in STOPPED:
            _wait(workers, GRACE_SECONDS)
            # Use the chief's exit code: the chief is the worker that saves.
            failed = 0
        elif failed is not None and _code(workers[failed]) == BAD_INPUT:
            # The chief, which prints the message, may find the error a little later.
            _wait(workers, GRACE_SECONDS_OF_BAD_INPUT)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for worker in _running(workers):
            worker.kill()
            worker.wait()
        os.close(reading_end)
        os.close(writing_end)
    code = 0 if failed is None else _code(workers[failed])
    # The workers have printed their message already.
    if code in (BAD_INPUT, *STOPPED):
        sys.exit(code)
    if code:
        raise RunError(
            f"worker {failed} ended with exit code {code}; the others were stopped; the same command goes on from the "
            "last checkpoint"
        )


def local_worker() -> bool:
    """Return whether `run_workers` started this process."""
    return _PARENT in os.environ


def stop_with_parent() -> None:
    """Stop a process that `run_workers` started when its parent ends: as on SIGTERM, then by SIGKILL if it hangs."""
    if not local_worker():
        return

    def watch() -> None:
        with os.fdopen(int(os.environ[_PARENT]), "rb") as parent:
            parent.read()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _wait(workers: Sequence["subprocess.Popen[bytes]"], seconds: float) -> None:
    until = time.monotonic() + seconds
    while _running(workers) and time.monotonic() < until:
        time.sleep(0.1)


def _running(workers: Sequence["subprocess.Popen[bytes]"]) -> list["subprocess.Popen[bytes]"]:
    return [worker for worker in workers if worker.poll() is None]


def _code(worker: "subprocess.Popen[bytes]") -> int:
    """Return the exit code as a shell does: 128 + n after signal n."""
    code = worker.returncode
    return SIGNALLED - code if code < 0 else code


def local_clusters(count: int) -> list[str]:
    """Return TF_CONFIG for every worker of a cluster on this machine, the chief first, on ports that are free."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    return [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in range(count)]
