"""Fuzz the decoders for a short time, and test what the fuzzer notices."""

import contextlib
import csv
import io
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.robustness import fuzz as module
from benchmarks.robustness.fuzz import fuzz
from benchmarks.robustness.fuzz_pictures import SIGNATURE, corpus, join_png, mutant, split_jpeg, split_png
from zoo.imaging import read_picture
from zoo.imaging.reading import ALL_FORMATS

# A decoder that crashes, hangs or fails on some files.
HARMED = """
import os, sys, time
first, last = map(int, sys.argv[1:])
print("ready", flush=True)
for number in range(first, last):
    if number == 2: os.abort()
    if number == 4: time.sleep(100)
    print({6: "70 KeyError: 'a'", 7: "3000"}.get(number, "50"), flush=True)
"""


def test_crashes_hangs_wrong_errors_and_memory_are_noticed_and_the_rest_is_tried():
    seen = []
    found = fuzz([sys.executable, "-c", HARMED], 9, seconds=2.0, advance=lambda: seen.append(1))
    assert found.lost == {2: "crash, exit code -6", 4: "no end after 2 s", 6: "KeyError: 'a'", 7: "3000 MiB"}
    assert (found.tried, len(seen), found.memory) == (9, 9, 3000.0)


def test_it_ends_when_its_time_is_over():
    slow = "import time; print('ready', flush=True)\nwhile True: time.sleep(0.2); print('50', flush=True)"
    started = time.monotonic()
    found = fuzz([sys.executable, "-c", slow], 10**6, until=started + 1.5)
    assert 1 <= found.tried <= 8
    assert time.monotonic() - started < 10


def test_a_decoder_that_does_not_start_is_no_result():
    with pytest.raises(RuntimeError, match="did not start"):
        fuzz([sys.executable, "-c", "raise SystemExit(1)"], 5)


def test_the_corpus_holds_every_kind_and_can_be_read(tmp_path):
    kinds, files = set(), corpus(every_format=True)
    for content in files:
        with Image.open(io.BytesIO(content)) as image:
            kinds.add((image.format, image.mode))
            kinds |= {(image.format, image.mode, word) for word in ("progressive", "interlace") if word in image.info}
            frames = getattr(image, "n_frames", 1)
        (tmp_path / "picture").write_bytes(content)
        if frames == 1:
            assert read_picture(tmp_path / "picture").pixels.size
        if content.startswith(SIGNATURE):
            assert join_png(split_png(content)) == content
        else:
            assert b"".join(split_jpeg(content)) == content
    for mode in ("L", "LA", "RGB", "RGBA", "P", "1", "I;16"):
        assert ("PNG", mode) in kinds
    assert {kind[0] for kind in kinds} == set(ALL_FORMATS)
    assert len(corpus()) < len(files)
    for kind in (("JPEG", "RGB", "progressive"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGB", "interlace")):
        assert kind in kinds


def test_mutants_repeat_and_many_are_decoded_deeply():
    files = corpus()
    mutants = [mutant(files, 5, number) for number in range(300)]
    assert mutants == [mutant(files, 5, number) for number in range(300)]
    assert mutants[:50] != [mutant(files, 6, number) for number in range(50)]
    opened = decoded = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in mutants:
            with contextlib.suppress(Exception):
                image = Image.open(io.BytesIO(content))
                opened += 1
                if np.prod(image.size) < 10**6:
                    image.load()
                    decoded += 1
    assert opened > 120
    assert decoded > 40


@pytest.mark.parametrize("target", module.TARGETS)
def test_some_hundreds_of_broken_pictures(target, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--count=250", "--seed=1", f"--only={target}", "--out=results.csv"])
    assert module.main() == 0, capsys.readouterr().out
    with Path("results.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["what"], row["tried"], row["survived"], row["lost"]) == (f"fuzz {target}", "250", "250", "0")
    assert row["command"] == "make fuzz COUNT=250 SEED=1"
    assert not Path("runs").exists()
