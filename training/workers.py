"""Several local processes as one MultiWorker cluster."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from training.errors import RunError

BAD_INPUT = 2


def run_workers(count: int, arguments: Sequence[str]) -> None:
    """Run `python -m training <arguments>` in `count` processes on this machine, to the end of all.

    Their output is this process's own. A signal goes to the chief, which saves the run and stops; where any worker
    stops, the others are stopped too.

    Raises:
        RunError: a worker failed.
        SystemExit: with the exit code of bad input, or of a chief that was stopped by a signal.
    """
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(count)]
    workers: list[subprocess.Popen[bytes]] = []

    def forward(number: int, _: FrameType | None) -> None:
        for chief in workers[:1]:
            chief.send_signal(number)

    previous = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    for index in range(count):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "training", *arguments],
                env=os.environ | {"TF_CONFIG": json.dumps(cluster)},
                # Else a Ctrl-C would reach every worker, and those that stop first leave the others waiting.
                start_new_session=True,
            )
        )
    failed = None
    try:
        while failed is None and _running(workers):
            time.sleep(0.1)
            failed = next((index for index, worker in enumerate(workers) if worker.poll()), None)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for worker in _running(workers):
            worker.kill()
            worker.wait()
    if failed is not None:
        code = workers[failed].returncode
        # The workers have said what is wrong with the input, and the chief that it was stopped.
        if code == BAD_INPUT or (failed == 0 and code in (128 + signal.SIGINT, 128 + signal.SIGTERM)):
            sys.exit(code)
        raise RunError(f"worker {failed} ended with exit code {code}; the others were stopped")


def _running(workers: Sequence["subprocess.Popen[bytes]"]) -> list["subprocess.Popen[bytes]"]:
    return [worker for worker in workers if worker.poll() is None]


def _free_ports(count: int) -> list[int]:
    """Ports that nothing listens on at present."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
