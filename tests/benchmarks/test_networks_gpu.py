"""The benchmark of compared networks on a GPU, run here on a processor for the smallest one."""

import pytest

from benchmarks.networks_gpu import COMPARED, measure
from training.compare.results.records import read
from zoo.system.files import read_csv


@pytest.mark.slow
def test_every_upsampler_is_measured_with_and_without_xla(tmp_path):
    results = read(COMPARED / "ae" / "mnist")
    results.facts["batch"] = 1
    measure(tmp_path / "networks.csv", [results], seconds=0.1, most=5)
    rows = read_csv(tmp_path / "networks.csv")
    names = {"subpixel", "transpose", "transpose_2r", "resize"}
    assert {(row["upsampler"], row["xla"]) for row in rows} == {
        (name, xla) for name in names for xla in ("True", "False")
    }
    assert all(float(row["forward_ms"]) > 0 and row["networks"] == "ae" and row["source"] == "mnist" for row in rows)
