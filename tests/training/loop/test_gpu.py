"""Test on a GPU that both paths agree there, and that a model made there works elsewhere."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers.small_loops import distance_of_paths, small_loop, weights
from tests.helpers.small_requests import interrupted_after, small_request
from training.loop.precision import precision
from training.loop.steps import CompiledSteps
from training.reporting import TrainingConsole
from training.runs.checkpoint import Checkpoints
from training.train import train
from zoo.arrays import relative_distance
from zoo.convert import convert

pytestmark = pytest.mark.gpu

MODELS = (
    *("ae_subpixel", "vae_subpixel", "features", "espcn_x2_subpixel", "fsrcnn_x2_transpose", "sesr_x2_subpixel"),
    *("span_x2_subpixel", "edsr_x2_subpixel", "dcgan_subpixel", "sngan_resize"),
)


@pytest.mark.parametrize("model", MODELS)
def test_both_paths_agree_after_60_steps(model):
    limit = 1e-6 if "gan" in model else 1e-8
    for group, distance in distance_of_paths(model, 60, "float64").items():
        assert distance < limit, group


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("model", MODELS)
def test_mixed_precision_learns(model, name):
    with precision(name):
        loop = small_loop(model, 60, jit="auto", precision=name)
        assert isinstance(loop.path, CompiledSteps)
        before = weights(loop)["network/model"]
        loop.advance(50)
        after = weights(loop)["network/model"]
    assert all(np.isfinite(values).all() for values in after)
    assert relative_distance(before, after) > 1e-4


@pytest.mark.parametrize("model", ["ae_subpixel", "dcgan_subpixel"])
def test_a_resumed_loop_comes_as_near_as_a_repeated_one(model, tmp_path):
    def reached(*, stop: bool) -> list[np.ndarray]:
        loop = small_loop(model, 40, jit="auto")
        loop.advance(20)
        if stop:
            Checkpoints(tmp_path).save(20, loop.task.groups(), loop.progress.state())
            loop = small_loop(model, 40, jit="auto")
            loop.resume(Checkpoints(tmp_path).load_newest()[0])
        loop.advance(20)
        return weights(loop)["network/model"]

    first = reached(stop=False)
    assert relative_distance(first, reached(stop=True)) < 1e-3


def test_an_interrupted_training_goes_on_and_is_exported(tmp_path, shapes_folder):
    request = small_request(tmp_path / "runs", shapes_folder)
    interrupted_after(5, lambda: train(request, TrainingConsole()))
    run = train(request, TrainingConsole()).parent
    assert json.loads((run / "config.json").read_text())["strategy"]["jit"] == "auto"
    with tf.device("CPU:0"):
        saved = tf.saved_model.load(str(run / "saved_model"))
        assert saved.serve(image=tf.zeros((2, 28, 28, 1)))["image"].shape == (2, 28, 28, 1)


@pytest.mark.parametrize("name", ["espcn_x3_subpixel", "sesr_x2_subpixel"])
def test_upscale_equals_the_processor_to_one_grey_level(name):
    picture = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    on_gpu = zoo.upscale(picture, name)
    with tf.device("CPU:0"):
        on_cpu = zoo.upscale(picture, name)
    assert np.abs(on_gpu.astype(int) - on_cpu).max() <= 1


def test_what_is_faster_is_measured_on_the_gpu():
    inputs = keras.Input((None, None, 32))
    model = keras.Model(inputs, keras.layers.Conv2DTranspose(3, 9, 3, "same")(inputs))
    converted, report = convert(model, to="subpixel", when="faster", input_shape=(20, 20, 32))
    assert "GPU" in tf.zeros(1).device
    picture = tf.random.uniform((1, 20, 20, 32), seed=1)
    # Both round to TF32 here.
    np.testing.assert_allclose(converted(picture), model(picture), atol=5e-3)
    (row,) = report.layers
    assert row.seconds_before and row.seconds_after
