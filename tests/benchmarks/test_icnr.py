"""Test the starts of the experiment on ICNR against their definitions, and that a small experiment is written."""

import csv
import math

import keras
import numpy as np
import pytest

from benchmarks.icnr import main
from benchmarks.icnr_starts import STARTS, Start, drawn, kernel_facts
from zoo.models import build_model, parse_name


@pytest.mark.parametrize("start", STARTS)
def test_kernels_have_their_variance_and_their_phases(start):
    shape = (3, 3, 64, 9 * 32)
    kernel = drawn(start, shape, (3, 3), 1)
    phases = kernel.reshape(3, 3, 64, 9, 32)
    filters = 32 if start in ("icnr", "glorot_large") else 9 * 32
    # Glorot and Bengio 2010: 2 / (fan_in + fan_out).
    assert kernel.var() == pytest.approx(2 / (9 * (64 + filters)), rel=0.03)
    assert np.array_equal(phases[..., 0, :], phases[..., 5, :]) == start.startswith("icnr")
    np.testing.assert_array_equal(drawn(start, shape, (3, 3), 1), kernel)
    assert (drawn(start, shape, (3, 3), 2) != kernel).any()


def test_glorot_is_that_of_keras():
    kernel = drawn("glorot", (3, 3, 8, 16), (2, 2), 5)
    np.testing.assert_allclose(kernel, keras.initializers.GlorotUniform(seed=5)((3, 3, 8, 16)), rtol=1e-6)


@pytest.mark.parametrize("name", ["ae", "espcn_x3"])
def test_both_forms_start_as_one_function_and_all_starts_with_the_same_other_weights(name):
    arguments = {"filters": 4}
    models, outputs = {}, {}
    for start in STARTS[:2]:
        for form in ("subpixel", "transpose"):
            model = build_model(f"{name}_{form}", **arguments)
            Start(start, parse_name(f"{name}_{form}"), arguments, 3).apply(model)
            shape = [size or 7 for size in model.input_shape[1:]]
            picture = np.random.default_rng(0).random((2, *shape), np.float32)
            models[start, form], outputs[start, form] = model, model(picture).numpy()
    for start in STARTS[:2]:
        np.testing.assert_allclose(outputs[start, "transpose"], outputs[start, "subpixel"], atol=2e-6)
    assert np.abs(outputs["icnr", "subpixel"] - outputs["glorot", "subpixel"]).max() > 1e-3
    one, other = (models[start, "subpixel"].get_weights() for start in STARTS[:2])
    same = [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]
    # Only the up-sampling kernels differ.
    assert len(same) - sum(same) == {"ae": 2, "espcn_x3": 1}[name]
    assert kernel_facts(models["icnr", "subpixel"])["share_among_phases"] < 1e-12
    share = kernel_facts(models["glorot", "subpixel"])["share_among_phases"]
    assert share == pytest.approx({"ae": 3 / 4, "espcn_x3": 8 / 9}[name], abs=0.05)


@pytest.mark.slow
def test_a_small_experiment_is_written_and_not_repeated(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["--models", "ae", "--starts", "icnr", "glorot", "--seeds", "1", "--steps", "4", "--data", "glyphs"]
    given += ["--out", "icnr.csv"]
    given += ["--set", "batch=8", "model.filters=3", "evaluations=2", "log_every=2", "warmup_steps=1"]
    main(given)
    with (tmp_path / "icnr.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * (1 + 2)
    assert {row["start"] for row in rows} == {"icnr", "glorot"}
    assert {row["step"] for row in rows} == {"0", "2", "4"}
    ends = [row for row in rows if row["step"] == "4"]
    assert all(math.isfinite(float(row["psnr"])) for row in ends)
    begun = {row["start"]: float(row["share_among_phases"]) for row in rows if row["step"] == "0"}
    assert begun["icnr"] < 1e-9 < begun["glorot"]
    before = sorted((tmp_path / "runs").rglob("config.json"))
    assert len(before) == 4
    main(given)
    assert sorted((tmp_path / "runs").rglob("config.json")) == before
