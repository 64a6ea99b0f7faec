"""Measure the server of examples/serving/ under load, and a bare loop that does the same work.

    python -m benchmarks.serving [--clients 20] [--seconds 30] [--out results/speed/serving.csv]

Every client sends the same PNG of 320x180 pixels again as soon as its answer has come. The server, its clients and
TensorFlow share this machine's cores. The bare loop decodes, enlarges and encodes one picture after the other in this
process, before the server is started. The server runs in an environment of its own, made in build/serving/ from
examples/serving/requirements.txt; what this environment already has is not installed again.
"""

import argparse
import contextlib
import http.client
import io
import os
import signal
import socket
import statistics
import subprocess
import sys
import sysconfig
import threading
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
from PIL import Image

from benchmarks.results import ROOT, SPEED, write_results

SERVER = ROOT / "examples" / "serving"
ENVIRONMENT = ROOT / "build" / "serving"
MODEL = "sesr_x2_subpixel"
SIZE = (320, 180)
STARTED_WITHIN, ANSWERED_WITHIN = 180.0, 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each of the two measurements")
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--out", type=Path, default=SPEED / "serving.csv")
    options = parser.parse_args()
    python = environment(options.environment)
    picture = photograph()
    rows = [{"term": "bare loop", **bare_loop(picture, options.seconds)}]
    with running(python) as port:
        rows.append({"term": "mosec", **load(port, picture, options.clients, options.seconds)})
    for row in rows:
        row |= {"model": MODEL, "picture": f"{SIZE[0]}x{SIZE[1]}"}
        print(", ".join(f"{name} {value}" for name, value in row.items()))
    write_results(options.out, rows)
    print(f"written to {options.out}")


def environment(folder: Path) -> Path:
    """Make the server's environment, or use it if it is there, and return its Python.

    Raises:
        RuntimeError: pip could not install the requirements; the message is pip's last line.
    """
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        venv.create(folder, clear=True, with_pip=True)
        packages = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], text=True
        )
        # TensorFlow is large: take it from this environment where its version is the right one.
        Path(packages.strip(), "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*command, "-r", SERVER / "requirements.txt"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"pip could not install examples/serving/requirements.txt: {done.stderr.strip()}")
        (folder / "complete").touch()
    return python


def photograph() -> bytes:
    """Return a photograph as PNG."""
    from training.data import open_source

    picture = Image.fromarray(next(iter(open_source("photos").pictures("test"))))
    content = io.BytesIO()
    picture.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC).save(content, "PNG")
    return content.getvalue()


def bare_loop(picture: bytes, seconds: float) -> dict[str, object]:
    """Return how fast one loop enlarges a picture, without a server."""
    sys.path.insert(0, str(SERVER))
    from enlarging import Enlarger
    from pictures import decode, encode

    enlarger = Enlarger(ROOT / "saved_models" / MODEL)

    def enlarge() -> bool:
        return bool(encode(enlarger.enlarge([decode(picture)])[0]))

    enlarge()
    started = time.perf_counter()
    durations, errors = called(enlarge, started + seconds)
    return summary(1, durations, errors, time.perf_counter() - started)


def called(call: Callable[[], bool], until: float) -> tuple[list[float], int]:
    """Call a function until a time, and return the seconds of each call and the number that failed."""
    durations, errors = [], 0
    while (before := time.perf_counter()) < until:
        errors += not call()
        durations.append(time.perf_counter() - before)
    return durations, errors


def summary(clients: int, durations: list[float], errors: int, seconds: float) -> dict[str, object]:
    """Return the columns of a measurement."""
    ordered = np.percentile(durations, (50, 99))
    return {
        "clients": clients,
        "requests": len(durations),
        "errors": errors,
        "requests_per_second": f"{(len(durations) - errors) / seconds:.2f}",
        "mean_ms": f"{1000 * statistics.fmean(durations):.1f}",
        **{f"p{share}_ms": f"{1000 * value:.1f}" for share, value in zip((50, 99), ordered, strict=True)},
    }


@contextlib.contextmanager
def running(python: Path, **variables: str) -> Iterator[int]:
    """Run the server on a free port of this machine until the block ends, and return the port once it answers.

    Args:
        python: of the server's environment.
        variables: of the server's process, such as `WORKERS`.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [python, "server.py", "--address", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    settings = {"MODEL": str(ROOT / "saved_models" / MODEL), "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    process = subprocess.Popen(
        command, cwd=SERVER, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + STARTED_WITHIN
        while process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                if post(port, b"no picture")[0] == http.HTTPStatus.UNPROCESSABLE_ENTITY:
                    break
            time.sleep(0.2)
        else:
            raise RuntimeError(f"the server did not answer within {STARTED_WITHIN:.0f} s; run it: {command}")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def post(port: int, body: bytes) -> tuple[int, bytes]:
    """Send a picture, and return the answer's status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERED_WITHIN)
    try:
        connection.request("POST", "/inference", body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def load(port: int, picture: bytes, clients: int, seconds: float) -> dict[str, object]:
    """Return how fast the server answers a number of clients at once."""
    # Batches of different sizes are rounded differently, by at most one grey level.
    right = {post(port, picture)[1]}
    expected = pixels(next(iter(right)))
    measured: list[tuple[list[float], int]] = []

    def answered() -> bool:
        try:
            status, answer = post(port, picture)
            if status == http.HTTPStatus.OK and answer not in right and np.abs(pixels(answer) - expected).max() <= 1:
                right.add(answer)
            return status == http.HTTPStatus.OK and answer in right
        except OSError:
            return False

    started = time.perf_counter()
    # At first TensorFlow prepares for batches of each size; this is not measured.
    threads = [threading.Thread(target=called, args=(answered, started + min(5.0, seconds))) for _ in range(clients)]
    finish(threads)
    started = time.perf_counter()
    threads = [
        threading.Thread(target=lambda: measured.append(called(answered, started + seconds))) for _ in range(clients)
    ]
    finish(threads)
    total = time.perf_counter() - started
    durations = [value for each, _ in measured for value in each]
    return summary(clients, durations, sum(errors for _, errors in measured), total)


def pixels(encoded: bytes) -> np.ndarray:
    """Return the pixels of a PNG, in a type that has differences below zero."""
    return np.asarray(Image.open(io.BytesIO(encoded))).astype(np.int16)


def finish(threads: list[threading.Thread]) -> None:
    """Start threads and wait for all of them."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
