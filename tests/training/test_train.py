import csv
import itertools
import json
import shutil
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_loops import small_loop
from tests.helpers.small_requests import interrupted_after
from training.cluster import Placement
from training.errors import DivergedError, InputError
from training.loop.loop import Loop
from training.reporting import TrainingConsole
from training.runs.checkpoint import Checkpoints
from training.runs.folder import Run
from training.train import train


def rows(run):
    with (run / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def weights(run):
    return Checkpoints(run / "checkpoints").load_newest()[0].arrays


def assert_equal_weights(one, other):
    for group, values in weights(one).items():
        for a, b in zip(values, weights(other)[group], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_run_leaves_what_it_promises(finished_run):
    names = {path.name for path in finished_run.iterdir()}
    assert {"config.json", "checkpoints", "tensorboard", "metrics.csv", "evaluation", "saved_model"} <= names
    config = json.loads((finished_run / "config.json").read_text())
    assert config["seed"] == 0
    assert config["source"]["name"].startswith("folder:")
    assert len(config["source"]["fingerprint"]) >= 8
    assert config["model_arguments"] == {"filters": 3, "image_shape": [28, 28, 1]}
    assert config["versions"]["tensorflow"] == tf.__version__
    assert finished_run.name.endswith("-s0")
    assert [row["step"] for row in rows(finished_run)] == ["3", "6", "9", "12"]
    assert list(rows(finished_run)[0]) == [
        "step",
        "eval/checkerboard",
        "eval/mse",
        "eval/psnr",
        "eval/ssim",
        "train/loss",
    ]


def test_training_learns(small):
    psnr = [float(row["eval/psnr"]) for row in rows(small(steps=80)) if row["eval/psnr"]]
    assert psnr[-1] > psnr[0] + 1.0


def test_equal_seeds_give_equal_files_and_other_seeds_do_not(small, tmp_path, finished_run):
    again, other = small(root=tmp_path / "again"), small(root=tmp_path / "other", seed=1)
    assert (again / "metrics.csv").read_bytes() == (finished_run / "metrics.csv").read_bytes()
    assert (other / "metrics.csv").read_bytes() != (finished_run / "metrics.csv").read_bytes()
    assert_equal_weights(again, finished_run)


def test_how_often_it_writes_changes_no_weight(small, finished_run):
    other = small(settings={"log_every": 1, "keep": 5, "checkpoint_minutes": 1e-6})
    assert_equal_weights(other, finished_run)


def test_checkpoints_go_by_a_clock_that_the_machine_does_not_set(tmp_path, monkeypatch):
    # The recipe saves every second step. Five minutes pass, or the clock is set back, before the fifth step.
    by_steps = [2, 4, 6, 8, 10, 12]
    days_back = itertools.count(0, -86_400)
    monkeypatch.setattr(time, "time", lambda: float(next(days_back)))
    for later, expected in [(0.0, by_steps), (301.0, sorted([*by_steps, 5])), (-86_400.0, by_steps)]:
        run = Run(tmp_path / str(later))
        run.create({"model": "ae_subpixel", "seed": 3, "recipe": {"model": {}}})
        steps = [0]
        loop = small_loop(
            "ae_subpixel", 12, run=run, log_every=1, clock=lambda steps=steps, later=later: later * (steps[0] >= 5)
        )
        saved: list[int] = []
        monkeypatch.setattr(loop.checkpoints, "save", lambda step, *_, saved=saved: saved.append(step))
        loop.report = lambda step, *_, steps=steps: steps.__setitem__(0, step)
        loop.train_to_end()
        assert saved == expected


@pytest.mark.parametrize("stop_after", [5, *(pytest.param(step, marks=pytest.mark.slow) for step in (1, 7))])
def test_a_run_that_is_stopped_anywhere_goes_on_to_the_same_bits(order, finished_run, stop_after):
    training = order()
    interrupted_after(stop_after, lambda: train(training, TrainingConsole()))
    resumed = train(training, TrainingConsole()).parent
    assert resumed.name == finished_run.name
    assert_equal_weights(resumed, finished_run)
    assert (resumed / "metrics.csv").read_bytes() == (finished_run / "metrics.csv").read_bytes()


def test_a_finished_run_is_followed_by_a_second(small, tmp_path, finished_run):
    first = tmp_path / "runs" / "ae_subpixel" / finished_run.name
    shutil.copytree(finished_run, first)
    second = small()
    assert (second.parent, second.name) == (first.parent, f"{first.name}-2")
    assert_equal_weights(first, second)


def test_a_loss_that_is_not_finite_stops_at_its_step_and_is_not_saved(order, tmp_path, monkeypatch):
    from training.tasks.reconstruction.task import Reconstruction

    step = Reconstruction.step

    def poisoned(task, batch):
        value = step(task, batch)["train/loss"]
        return {"train/loss": tf.where(batch["step"] == 7, tf.cast(float("nan"), value.dtype), value)}

    monkeypatch.setattr(Reconstruction, "step", poisoned)
    with pytest.raises(DivergedError, match="not finite at step 8"):
        train(order(), TrainingConsole())
    (run,) = (tmp_path / "runs" / "ae_subpixel").iterdir()
    assert Checkpoints(run / "checkpoints").load_newest()[0].step == 6
    assert not (run / "saved_model").exists()


@pytest.mark.slow
def test_the_best_weights_are_exported_where_the_recipe_says_so(order, monkeypatch):
    scores = iter([1.0, 5.0, 3.0, 2.0, 1.0])
    evaluate = Loop.evaluate
    monkeypatch.setattr(Loop, "evaluate", lambda loop: evaluate(loop) | {"eval/psnr": next(scores)})
    run = train(order(settings={"export": "best"}), TrainingConsole()).parent
    best = Checkpoints(run / "checkpoints").load_best(3)
    saved = tf.saved_model.load(str(run / "saved_model"))
    for value, variable in zip(best.arrays["model"], saved.variables, strict=True):
        np.testing.assert_array_equal(value, variable.numpy())


def test_gradients_are_clipped_by_their_norm(small, finished_run):
    clipped = small(settings={"clip_norm": 1e-9})
    moved = [np.abs(weights(run)["optimiser/model"][3]).max() for run in (finished_run, clipped)]
    assert 0 < moved[1] < 1e-9 < moved[0]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_train_and_export_float32(small, tmp_path, monkeypatch, precision):
    from training.tasks.reconstruction.task import Reconstruction

    policies, step = set(), Reconstruction.step

    def watched(task, batch):
        policies.update(layer.dtype_policy.name for layer in task.published.get_layer("decoder").layers)
        return step(task, batch)

    monkeypatch.setattr(Reconstruction, "step", watched)
    run = small(steps=6, settings={"precision": precision})
    assert policies == {precision}
    dtypes = {value.dtype for value in weights(run)["network/model"]}
    assert dtypes == {np.dtype("float64" if precision == "float64" else "float32")}
    saved = tf.saved_model.load(str(run / "saved_model"))
    assert {variable.dtype for variable in saved.variables} == {tf.float32}
    assert saved.serve(image=tf.zeros((1, 28, 28, 1)))["image"].dtype == tf.float32


@pytest.mark.slow
def test_one_compiled_program_learns_the_same(small):
    plain = small(steps=6, jit="0")
    compiled = small(steps=6, jit="1", resume=False)
    for a, b in zip(weights(plain)["network/model"], weights(compiled)["network/model"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert json.loads((compiled / "config.json").read_text())["strategy"]["jit"] == "1"


@pytest.mark.slow
def test_twins_from_mapped_weights_follow_one_curve(small, tmp_path, finished_run):
    options = {"steps": 100, "init": str(finished_run), "settings": {"precision": "float64", "log_every": 1}}
    one = small("ae_subpixel", root=tmp_path / "one", **options)
    other = small("ae_transpose", root=tmp_path / "other", **options)
    curves = [np.array([float(row["train/loss"]) for row in rows(run)]) for run in (one, other)]
    assert len(curves[0]) == 100
    assert np.max(np.abs(curves[0] - curves[1]) / np.abs(curves[0])) < 1e-8
    assert curves[0][-1] < curves[0][0]


def test_init_copies_weights_and_refuses_what_does_not_fit(small, tmp_path, finished_run, shapes_folder):
    started = small(steps=2, init=str(finished_run), settings={"learning_rate": 1e-12})
    for a, b in zip(weights(started)["network/model"], weights(finished_run)["network/model"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)
    for model, settings, message in [
        ("ae_resize", {}, "between up-samplers, subpixel and transpose"),
        ("ae_subpixel", {"model.filters": 5}, "cannot start"),
    ]:
        with pytest.raises(InputError, match=message):
            small(model, root=tmp_path / "none", init=str(finished_run), settings=settings)
    with pytest.raises(InputError, match="no published model 'nosuch'"):
        small(root=tmp_path / "none", init="nosuch")
    with pytest.raises(InputError, match=r"no config\.json"):
        small(root=tmp_path / "none", init=str(shapes_folder))
    assert not (tmp_path / "none").exists()


def test_a_batch_that_does_not_divide_by_the_replicas_is_refused(order, tmp_path, monkeypatch):
    class FiveReplicas(Placement):
        def __init__(self, _):
            self.replicas, self.first, self.local = 5, 0, 5

    monkeypatch.setattr("training.train.Placement", FiveReplicas)
    with pytest.raises(InputError, match="batch=12 does not divide by 5 replicas"):
        train(order(root=tmp_path / "none"), TrainingConsole())
    assert not (tmp_path / "none").exists()


def test_pictures_that_a_model_cannot_take_are_refused_before_anything_is_made(small, tmp_path):
    for settings, message in [
        ({"image_size": 8}, "too small: SSIM looks at 11x11; set image_size=12 or more"),
        ({"model.image_shape": (32, 32, 1)}, "takes pictures of 32x32x1, folder:.* has 28x28x1"),
        ({"image_size": 30}, "multiples of 4"),
    ]:
        with pytest.raises(InputError, match=message):
            small(root=tmp_path / "none", settings=settings)
    assert not (tmp_path / "none").exists()


def test_weights_that_are_not_finite_are_not_saved(order, tmp_path, monkeypatch):
    advance = Loop.advance

    def poisoned(loop, count):
        advance(loop, count)
        if loop.progress.step >= 6:
            kernel = loop.task.published.trainable_variables[0]
            kernel.assign(kernel * float("nan"))

    monkeypatch.setattr(Loop, "advance", poisoned)
    with pytest.raises(DivergedError, match="weights of model are not finite at step 6"):
        train(order(), TrainingConsole())
    (run,) = (tmp_path / "runs" / "ae_subpixel").iterdir()
    assert Checkpoints(run / "checkpoints").load_newest()[0].step < 6


def test_tensorboard_holds_the_tags(finished_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    accumulator = EventAccumulator(str(finished_run / "tensorboard"), size_guidance={"tensors": 0})
    accumulator.Reload()
    tags = set(accumulator.Tags()["tensors"])
    assert {"train/loss", "train/examples_per_second", "eval/psnr", "eval/ssim", "eval/checkerboard"} <= tags
    assert {"eval/pictures", "model", "config"} <= tags
    steps = [event.step for event in accumulator.Tensors("eval/psnr")]
    assert steps == [0, 3, 6, 9, 12]
    picture = tf.io.decode_png(tf.make_ndarray(accumulator.Tensors("eval/pictures")[-1].tensor_proto)[2])
    # Three rows (input, output, difference) of the validation part's pictures, enlarged three times.
    assert picture.shape == (3 * 3 * 30, 3 * 30 * 6, 1)
    assert int(tf.reduce_max(picture[3 : 3 * 29])) > 90
    content = accumulator.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    start = HParamsPluginData.FromString(content).session_start_info
    assert start.group_name == f"ae_subpixel/{finished_run.name}"
    assert start.hparams["model"].string_value == "ae_subpixel"
    assert start.hparams["model.filters"].number_value == 3


def test_muon_moves_a_kernel_by_an_orthogonal_matrix():
    from training.optimisers import create_optimiser
    from training.recipes import recipe_for
    from zoo.models import families

    settings = {"optimiser": "muon", "learning_rate": 0.5, "warmup_steps": 0, "schedule": "constant"}
    optimiser = create_optimiser(recipe_for(families()["ae"], None, settings))
    generator = np.random.default_rng(0)
    kernel, bias = keras.Variable(np.zeros((3, 3, 4, 6))), keras.Variable(np.zeros(6))
    optimiser.build([kernel, bias])
    gradient = generator.standard_normal(kernel.shape)
    optimiser.apply([tf.constant(gradient, kernel.dtype), tf.ones(6, bias.dtype)], [kernel, bias])
    moved = np.asarray(kernel).reshape(36, 6)
    # All directions by about the same length, which is Adam's: 0.2 root mean square of the learning rate.
    values = np.linalg.svd(moved, compute_uv=False) / (0.5 * 0.2 * np.sqrt(36))
    assert values.min() > 0.6
    assert values.max() < 1.3
    left, _, right = np.linalg.svd(gradient.reshape(36, 6), full_matrices=False)
    assert np.sum(moved * -(left @ right)) / np.linalg.norm(moved) / np.sqrt(6) > 0.98
    np.testing.assert_allclose(np.asarray(bias), -0.5, rtol=1e-4)


def test_rows_that_a_kill_left_behind_are_written_when_the_run_is_exported(order, finished_run):
    training = order()
    run = training.root / finished_run.parent.name / finished_run.name
    shutil.copytree(finished_run, run)
    shutil.rmtree(run / "saved_model")
    first, *_ = (run / "metrics.csv").read_text().splitlines(keepends=True)
    (run / "metrics.csv").write_text(first)
    assert train(training, TrainingConsole()).parent == run
    assert rows(run) == rows(finished_run)
