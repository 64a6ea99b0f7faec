"""Test that mapped twins stay together in training, and that a wrong map does not go unnoticed."""

import numpy as np
import pytest

from scripts import training_equivalence
from scripts.training_equivalence import follow
from training.data import open_source

SMALL = {"batch": 12, "learning_rate": 3e-3, "warmup_steps": 2, "model.filters": 3}


@pytest.fixture(scope="module")
def source(shapes_folder):
    return open_source(f"folder:{shapes_folder}")


def test_twins_keep_their_weights_together_in_float64(source):
    rows = list(follow("float64", source, 60, SMALL))
    assert [row["step"] for row in rows] == list(range(61))
    assert rows[0]["distance"] == 0
    assert 0 < rows[-1]["distance"] < 1e-8
    assert max(row["distance"] for row in rows) < 1e-8
    assert 1e-17 < rows[0]["control"] < 1e-15
    losses = np.array([[row["loss_subpixel"], row["loss_transpose"]] for row in rows[1:]])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=1e-8)
    assert losses[-10:].mean() < losses[:10].mean() - 0.1


def test_float32_starts_nine_orders_higher(source):
    rows = list(follow("float32", source, 8, SMALL))
    assert rows[0]["distance"] == 0
    assert 1e-9 < rows[-1]["distance"] < 1e-4
    assert 1e-8 < rows[0]["control"] < 1e-6


def test_a_map_that_forgets_to_reverse_is_found_out(source, monkeypatch):
    right = training_equivalence.subpixel_to_transpose
    monkeypatch.setattr(
        training_equivalence, "subpixel_to_transpose", lambda kernel, scale: right(kernel[::-1, ::-1], scale)
    )
    rows = list(follow("float64", source, 8, SMALL))
    assert rows[0]["distance"] == 0
    assert rows[-1]["distance"] > 1e-4
