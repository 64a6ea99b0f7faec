"""Test the benchmark of the runtimes on a tiny picture, and the table and sentences that are made of its rows."""

import numpy as np
import pytest

import zoo
from benchmarks import runtimes_browser
from benchmarks.runtimes import COLUMNS, measured_network
from scripts.speed_tables import best_forms, runtimes
from tests.helpers.browser import BROWSER, DRIVER
from zoo.system.files import read_csv, write_csv

NAME = "espcn_x2_subpixel"
MACHINE = {"processor": "abacus", "cores": 2, "date": "2000-01-01"}


def test_both_forms_of_a_network_are_timed_and_compute_the_same(monkeypatch):
    # The other runtimes may not be installed, and XLA compiles for seconds.
    monkeypatch.setattr("zoo.formats.runtimes.RUNTIMES", ("tensorflow",))
    monkeypatch.setattr("benchmarks.runtimes.psnr_on_set5", lambda make, scale, halo: _same_outputs(make))
    rows = measured_network(NAME, (6, 9), 2, (0.0, 1, 1))
    assert [tuple(row) for row in rows] == [COLUMNS] * 2
    terms = [(row["form"], row["runtime"], row["precision"], row["threads"]) for row in rows]
    assert terms == [(form, "tensorflow", "float32", 2) for form in ("subpixel", "transpose")]
    assert rows[0]["ratio"] == "1.000"
    for row in rows:
        assert float(row["ratio"]) == pytest.approx(float(row["milliseconds"]) / float(rows[0]["milliseconds"]), 0.05)


@pytest.mark.slow
@pytest.mark.skipif(not (BROWSER and DRIVER), reason="no Chromium with its driver")
def test_a_browser_times_both_forms(monkeypatch, tmp_path):
    path = tmp_path / "runtimes.csv"
    write_csv(path, rows(NAME, "tensorflow", 0.5, 2.0))
    given = ("--models", NAME, "--rounds", "2", "--size", "18", "32", "--out", str(path))
    monkeypatch.setattr("sys.argv", ["runtimes_browser", *given])
    runtimes_browser.main()
    kept, added = read_csv(path)[:2], read_csv(path)[2:]
    assert [row["runtime"] for row in kept] == ["tensorflow"] * 2
    assert {(row["form"], row["runtime"]) for row in added} == {("subpixel", "wasm"), ("transpose", "wasm")}
    for row in added:
        if row["threads"] == "1":
            assert float(row["ratio"]) == pytest.approx(float(row["milliseconds"]) / 0.5, abs=0.002)
        else:
            assert row["ratio"] == ""


def _same_outputs(make):
    """Check a network's output against the published weights in Keras, outside of any runtime."""
    image = np.random.default_rng(1).uniform(size=(1, 6, 9, 1)).astype(np.float32)
    (output,) = make(image)()
    expected = zoo.create_model(NAME, pretrained=True).predict(image, verbose=0)
    assert np.abs(output - expected).max() < 1e-5
    return ""


def rows(model, runtime, subpixel, transpose, precision="float32", psnr="30.000"):
    times = {"subpixel": subpixel, "transpose": transpose}
    values = [(model, form, runtime, precision, 1, time, 1.0, psnr, 3) for form, time in times.items()]
    return [dict(zip(COLUMNS, each, strict=True)) | MACHINE for each in values]


def test_sentences_name_the_faster_form_in_each_runtime():
    times = {
        **{("a", form, "tensorflow"): time for form, time in (("subpixel", 1.0), ("transpose", 2.0))},
        **{("b", form, "tensorflow"): time for form, time in (("subpixel", 1.0), ("transpose", 3.0))},
        **{("a", form, "xla"): time for form, time in (("subpixel", 4.0), ("transpose", 2.0))},
        **{("b", form, "xla"): time for form, time in (("subpixel", 1.0), ("transpose", 1.5))},
        **{("a", form, "onnx"): time for form, time in (("subpixel", 1.0), ("transpose", 1.02))},
    }
    assert best_forms(times) == [
        "In TensorFlow, the sub-pixel form is faster for all models, 2.0 to 3.0 times.",
        "In XLA, the sub-pixel form is faster for 1 of 2 models, 1.5 times, and the transposed form is faster for 1 of "
        "2 models, 2.0 times.",
        "In ONNX Runtime, both forms take the same time.",
    ]


def test_the_page_has_a_table_of_times_and_one_of_precisions(tmp_path):
    path = tmp_path / "runtimes.csv"
    assert "Not measured yet" in runtimes(path)
    float32 = rows("a", "tensorflow", 10.0, 20.0) + rows("a", "litert", 5.0, 50.0)
    write_csv(path, [*float32, *rows("a", "litert", 2.5, 60.0, "int8", "29.750")])
    lines = runtimes(path).splitlines()
    assert lines[0] == "**One thread**, milliseconds, sub-pixel / transposed:"
    assert "| `a` | 10.0 / 20.0 | 5.0 / 50.0 |" in lines
    assert "- In LiteRT, the sub-pixel form is faster for all models, 10.0 times." in lines
    assert "| `a` | sub-pixel | LiteRT | int8 | 0.50 | -0.25 |" in lines
    assert "| `a` | transposed | LiteRT | int8 | 1.20 | -0.25 |" in lines
    assert lines[-1] == "abacus, 2 cores; 2000-01-01."
