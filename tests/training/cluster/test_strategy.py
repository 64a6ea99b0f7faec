import json
import sys
from pathlib import Path

import numpy as np
import pytest

from training.cluster import STRATEGIES, cluster_size, create_strategy, is_chief
from training.cluster.local_workers import run_workers
from training.errors import InputError
from training.reporting import TrainingConsole
from training.runs.checkpoint import Checkpoints
from training.train import train
from zoo.arrays import relative_distance

SMALL = ("batch=12", "model.filters=3", "log_every=50", "evaluations=1", "learning_rate=3e-3")


def arguments(source: Path, steps: int, precision: str, *options: str) -> tuple[str, ...]:
    given = ("--data", f"folder:{source}", "--steps", str(steps), "--precision", precision, *options)
    return ("training", "train", "--model", "ae_subpixel", *given, "--set", *SMALL)


def weights(folder: Path, model: str = "ae_subpixel") -> list[np.ndarray]:
    """Return the weights of the networks that a run trained."""
    (run,) = (folder / "runs" / model).iterdir()
    checkpoint, _ = Checkpoints(run / "checkpoints").load_newest()
    return [each for group, arrays in checkpoint.arrays.items() if group.startswith("network/") for each in arrays]


@pytest.mark.parametrize(
    ("precision", "steps", "limit"),
    [("float64", 200, 1e-8), pytest.param("float32", 50, 1e-4, marks=pytest.mark.slow)],
)
def test_two_devices_reach_the_weights_of_one(
    command, command_process, tmp_path, shapes_folder, precision, steps, limit
):
    reached = {}
    for name, run, options in [("one", command, ()), ("mirrored", command_process, ("--devices", "2"))]:
        done = run(*arguments(shapes_folder, steps, precision, "--strategy", name, *options), folder=tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert ("2 replicas" in done.stdout) == (name == "mirrored")
        reached[name] = weights(tmp_path / name)
    distance = relative_distance(reached["one"], reached["mirrored"])
    assert 0 < distance < limit


SMALLEST = {
    "ae_subpixel": ("batch=12", "model.filters=3"),
    "vae_subpixel": ("batch=12", "model.filters=2", "model.latent=4"),
    # At its recipe's rate, ten times this, two processors ended on either side of 1e-6.
    "dcgan_subpixel": ("batch=12", "model.filters=2", "model.latent=4", "learning_rate=2e-4"),
    "sngan_subpixel": ("batch=12", "model.filters=2", "model.latent=4"),
    "espcn_x2_subpixel": ("batch=12", "model.filters=4", "model.narrow=4", "patch=8", "margin=1"),
    "features": ("batch=12", "model.filters=2"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "workers", "precision", "steps", "limit"),
    [
        ("ae_subpixel", 2, "float64", 200, 1e-8),
        ("ae_subpixel", 2, "float32", 50, 1e-4),
        *((model, 3, "float64", 200, 1e-6 if "gan" in model else 1e-8) for model in SMALLEST),
    ],
)
def test_processes_reach_the_weights_of_one(
    command_process, tmp_path, shapes_folder, model, workers, precision, steps, limit
):
    source = "glyphs" if model == "features" else f"folder:{shapes_folder}"
    reached = {}
    for name, options in [("alone", ("--strategy", "one")), ("together", ("--workers", workers))]:
        done = command_process(
            *("training", "train", "--model", model, "--data", source, "--steps", steps, "--precision", precision),
            *(*options, "--set", *SMALLEST[model], "log_every=50", "evaluations=1"),
            folder=tmp_path / name,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert (f"{workers} replicas" in done.stdout) == (name == "together")
        assert done.stdout.count("data: ") == done.stdout.count("SavedModel: ") == 1
        reached[name] = weights(tmp_path / name, model)
    distance = relative_distance(reached["alone"], reached["together"])
    assert 0 < distance < limit


@pytest.mark.slow
def test_a_worker_that_fails_stops_the_others(command_process, tmp_path, shapes_folder):
    # The batch divides by the workers, but the picture size cannot be built: every worker finds out by itself.
    done = command_process(
        *arguments(shapes_folder, 200, "float32", "--workers", "2"), "image_size=30", folder=tmp_path
    )
    assert done.returncode == 2
    assert "multiples of 4" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_cluster_is_recognised(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    assert cluster_size() == 1
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"], "ps": ["d:1"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}}))
    assert cluster_size() == 3
    with pytest.raises(InputError, match="describes 3; take auto"):
        create_strategy("one")
    for text in ("{", "[]", json.dumps({"cluster": cluster})):
        monkeypatch.setenv("TF_CONFIG", text)
        with pytest.raises(InputError, match="TF_CONFIG is not valid"):
            cluster_size()
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 2}}))
    with pytest.raises(InputError, match="there is no worker 2 in the cluster"):
        cluster_size()
    monkeypatch.delenv("TF_CONFIG")
    monkeypatch.setenv("SLURM_PROCID", "0")
    monkeypatch.setenv("SLURM_NTASKS", "4")
    assert cluster_size() == 4


def test_words_that_are_no_strategy_and_a_cluster_that_is_not_there(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    with pytest.raises(InputError, match=f"'magic' is not one of {', '.join(STRATEGIES)}"):
        create_strategy("magic")
    with pytest.raises(InputError, match="needs a cluster: set TF_CONFIG"):
        create_strategy("multiworker")


@pytest.mark.parametrize(
    ("variables", "chief"),
    [
        ({}, True),
        ({"TF_CONFIG": {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}}, True),
        ({"TF_CONFIG": {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}}, False),
        (
            {"TF_CONFIG": {"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "worker", "index": 0}}},
            False,
        ),
        (
            {"TF_CONFIG": {"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "chief", "index": 0}}},
            True,
        ),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, False),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "2"}, True),
    ],
)
def test_one_process_of_a_cluster_speaks(monkeypatch, variables, chief):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value if isinstance(value, str) else json.dumps(value))
    assert is_chief() is chief


def test_the_chief_has_its_say_where_another_finds_bad_input_first(tmp_path, monkeypatch, capfd):
    worker = tmp_path / "worker"
    late = """case $TF_CONFIG in *'"index": 0'*) sleep 1; echo what is wrong >&2;; esac"""
    worker.write_text(f"#!/bin/sh\n{late}\nexit 2\n")
    worker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(worker))
    with pytest.raises(SystemExit, match="2"):
        run_workers(2, [])
    assert capfd.readouterr().err == "what is wrong\n"


def test_workers_that_disagree_leave_no_folder(tmp_path, monkeypatch, order):
    def disagree(*_: object) -> None:
        raise InputError("the workers disagree")

    monkeypatch.setattr("training.train.cluster_size", lambda: 2)
    monkeypatch.setattr("training.cluster.agreement.Agreement.check_plan", disagree)
    with pytest.raises(InputError, match="disagree"):
        train(order(), TrainingConsole())
    assert not (tmp_path / "runs").exists()
