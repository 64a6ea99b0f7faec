"""Start the server of examples/serving/ in an environment of its own, and send it pictures."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from benchmarks.serving import MODEL, environment, load, pixels, post, running, summary
from zoo.system.files import read_csv

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "examples" / "serving" / "requirements.txt"
UNREACHED = re.compile("NewConnectionError|ConnectTimeout|Name or service not known|from versions: none")


def encoded(picture, name="PNG"):
    content = io.BytesIO()
    Image.fromarray(picture).save(content, name)
    return content.getvalue()


def test_the_servers_pins_are_those_of_the_project():
    lines = {text for text in (ROOT / "requirements.txt").read_text().splitlines() if "==" in text}
    pins = {text for text in PINS.read_text().splitlines() if "==" in text}
    assert {"tensorflow-cpu", "tensorflow", "pillow"} == {pin.partition("==")[0] for pin in pins & lines}
    assert {"mosec", "msgspec", "defspec", "offapi"} == {pin.partition("==")[0] for pin in pins - lines}


def test_a_measurement_has_rate_percentiles_and_errors():
    row = summary(2, [0.010] * 98 + [0.020, 0.110], errors=1, seconds=4.0)
    assert (row["requests"], row["errors"], row["requests_per_second"]) == (100, 1, "24.75")
    assert (row["p50_ms"], row["mean_ms"]) == ("10.0", "11.1")
    assert 20 <= float(row["p99_ms"]) <= 110


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    try:
        return environment(tmp_path_factory.mktemp("serving"))
    except RuntimeError as error:
        if UNREACHED.search(str(error)):
            pytest.skip(f"PyPI cannot be reached: {error}")
        raise


@pytest.mark.slow
def test_the_server_answers_with_the_enlarged_picture(python):
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (8 + size, 20, 3), dtype=np.uint8) for size in (0, 0, 1, 2, 3, 3, 3, 9)]
    with running(python) as port, ThreadPoolExecutor(len(pictures) + 1) as clients:
        broken = encoded(pictures[0])[:-60]
        bodies = [*(encoded(picture) for picture in pictures), broken]
        *answers, refused = clients.map(partial(post, port), bodies)
        for picture, (status, answer) in zip(pictures, answers, strict=True):
            assert status == 200
            assert answer.startswith(b"\x89PNG")
            assert np.abs(pixels(answer) - zoo.upscale(picture, MODEL).astype(int)).max() <= 1
        # One that cannot be read fails alone, whatever was in its batch.
        assert refused[0] == 422
        assert b"no PNG or JPEG picture, or a damaged one" in refused[1]
        grey = np.full((30, 40), 90, np.uint8)
        status, answer = post(port, encoded(grey, "JPEG"))
        assert status == 200
        assert np.array_equal(pixels(answer), np.full((60, 80, 3), 90))
        status, answer = post(port, encoded(np.zeros((2001, 2000), np.uint8)))
        assert (status, b"more than 4,000,000 pixels" in answer) == (422, True)
        row = load(port, encoded(pictures[0]), clients=4, seconds=2)
        assert row["errors"] == 0
        assert row["requests"] >= 4


@pytest.mark.slow
def test_the_benchmark_writes_both_terms_with_the_processor(python, command, tmp_path):
    out = tmp_path / "serving.csv"
    options = ("--clients", 3, "--seconds", 1, "--environment", python.parents[1], "--out", out)
    done = command("benchmarks.serving", *options)
    assert done.returncode == 0, done.stderr
    loop, server = read_csv(out)
    assert (loop["term"], loop["clients"], server["term"], server["clients"]) == ("bare loop", "1", "mosec", "3")
    for row in (loop, server):
        assert (row["errors"], row["model"], row["picture"]) == ("0", MODEL, "320x180")
        assert row["processor"]
        assert 0 < float(row["p50_ms"]) <= float(row["p99_ms"])
