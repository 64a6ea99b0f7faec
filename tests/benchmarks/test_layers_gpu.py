"""The benchmark of up-samplers on a GPU, run here on a processor at its smallest."""

import pytest

from benchmarks.layer_rows import Row
from benchmarks.layers_gpu import PRECISIONS, TERMS, measure
from zoo.system.files import read_csv


@pytest.mark.slow
def test_every_term_is_measured_in_every_precision_with_and_without_xla(tmp_path):
    measure(tmp_path / "layers.csv", [Row(1, 6, 3, 2, 2)], seconds=0.1, most=5)
    rows = read_csv(tmp_path / "layers.csv")
    expected = {(term, precision, xla) for term in TERMS for precision in PRECISIONS for xla in ("True", "False")}
    assert {(row["term"], row["precision"], row["xla"]) for row in rows} == expected
    assert all(float(row["forward_ms"]) > 0 and float(row["backward_ms"]) > 0 for row in rows)
    assert all(row["processor"] for row in rows)
