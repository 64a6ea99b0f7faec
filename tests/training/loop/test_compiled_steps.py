"""Test that the compiled path takes the steps of the host path, in one program, on data that lies on the device."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_loops import distance_of_paths, small_loop, weights
from training.data import StreamedPictures
from training.data.batches.pictures import ArrayPictures
from training.errors import DivergedError, Interrupted
from training.loop import choose_steps as choosing
from training.loop.precision import precision
from training.loop.steps import CompiledSteps, HostSteps
from training.runs.checkpoint import Checkpoints
from training.tasks.reconstruction.task import Reconstruction


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("ae_subpixel", 1e-8),
        *(
            pytest.param(model, limit, marks=pytest.mark.slow)
            for model, limit in [
                ("vae_subpixel", 1e-8),
                ("features", 1e-8),
                ("espcn_x2_subpixel", 1e-8),
                ("fsrcnn_x2_transpose", 1e-8),
                ("sesr_x2_subpixel", 1e-8),
                ("span_x2_subpixel", 1e-8),
                ("edsr_x2_subpixel", 1e-8),
                ("dcgan_subpixel", 1e-6),
                ("sngan_resize", 1e-6),
            ]
        ),
    ],
)
def test_a_hundred_steps_agree_with_the_host_path(model, limit):
    for group, distance in distance_of_paths(model, 100, "float64").items():
        assert distance < limit, group


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "limit", "settings"),
    [
        ("sngan_subpixel", 1e-6, {"model.residual": True}),
        ("features", 1e-8, {"model.residual": True, "shift": 2}),
    ],
)
def test_residual_networks_agree_with_the_host_path(model, limit, settings):
    for group, distance in distance_of_paths(model, 20, "float64", **settings).items():
        assert distance < limit, group


@pytest.mark.slow
def test_photos_degraded_under_xla_are_those_of_the_host_path():
    for group, distance in distance_of_paths("espcn_x2_subpixel", 30, "float64", degradation="photo").items():
        assert distance < 1e-8, group


def test_a_whole_run_compiles_two_programs_whatever_the_pauses():
    # Rows, evaluations and checkpoints are due at steps that have no common divisor.
    loop = small_loop("ae_subpixel", 23, jit="1", log_every=5, evaluations=3)
    lengths = []
    advance = loop.advance

    def noted(count):
        lengths.append(count)
        advance(count)

    loop.advance = noted
    loop.train_to_end()
    assert loop.progress.step == sum(lengths) == 23
    assert len(set(lengths)) > 1
    assert max(lengths) <= loop.path.longest_call == 5
    assert loop.path._program.experimental_get_tracing_count() == 1
    assert loop.path._examples._examples.experimental_get_tracing_count() == 1


def test_calls_share_what_is_gathered_and_take_the_steps_of_one_call():
    whole, parts = (small_loop("ae_subpixel", 8, jit="1") for _ in range(2))
    gathered = []
    examples = parts.path._examples
    parts.path._examples = lambda step: gathered.append(int(step)) or examples(step)
    whole.advance(8)
    for count in (3, 1, 4):
        parts.advance(count)
    assert gathered == [0]
    for group, values in weights(whole).items():
        for one, other in zip(values, weights(parts)[group], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("model", ["ae_subpixel", pytest.param("dcgan_subpixel", marks=pytest.mark.slow)])
def test_a_resumed_run_reaches_the_same_bits(model, tmp_path):
    first, second = (small_loop(model, 6, jit="1") for _ in range(2))
    first.advance(4)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(4, first.task.groups(), first.progress.state())
    first.advance(2)
    second.advance(1)
    second.resume(checkpoints.load_newest()[0])
    second.advance(2)
    for group, values in weights(first).items():
        for one, other in zip(values, weights(second)[group], strict=True):
            np.testing.assert_array_equal(one, other)
    assert second.progress.totals == first.progress.totals


def test_the_first_step_that_is_not_finite_is_named(monkeypatch):
    step = Reconstruction.step

    def poisoned(task, batch):
        loss = step(task, batch)["train/loss"]
        return {"train/loss": tf.where(batch["step"] >= 2, tf.cast(np.nan, loss.dtype), loss)}

    monkeypatch.setattr(Reconstruction, "step", poisoned)
    loop = small_loop("ae_subpixel", 5, jit="1")
    with pytest.raises(DivergedError, match="not finite at step 3"):
        loop.advance(5)


@pytest.mark.slow
def test_a_signal_is_answered_between_calls(monkeypatch):
    loop = small_loop("ae_subpixel", 40, jit="1", log_every=4)
    monkeypatch.setattr(loop.pauses, "stop_signal", lambda: 15 if loop.progress.step >= 4 else None)
    with pytest.raises(Interrupted):
        loop.train_to_end()
    assert loop.progress.step < 12


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_scales_its_loss_inside_the_program(name):
    with precision(name):
        loop = small_loop("ae_subpixel", 60, jit="1", precision=name, learning_rate=1e-2)
        first = loop.evaluate()["eval/psnr"]
        loop.advance(50)
        assert loop.evaluate()["eval/psnr"] > first
    scale = getattr(loop.task.optimisers["model"], "dynamic_scale", None)
    assert (scale is not None) == (name == "mixed_float16")


def chosen(monkeypatch, train, *, jit="auto", gpus=1, memory=None, replicas=1):
    """The path and the note for a small model on a machine with GPUs."""
    loop = small_loop("ae_subpixel", 4)

    class Strategy:
        num_replicas_in_sync = replicas

    monkeypatch.setattr(choosing.tf.config, "list_physical_devices", lambda _: ["GPU"] * gpus)
    monkeypatch.setattr(choosing, "gpu_memory", lambda: memory)
    monkeypatch.setattr(ArrayPictures, "on_device", lambda self, _: self)
    return choosing.choose_steps(loop.task, Strategy(), train, loop.batches, seed=0, jit=jit)


PICTURES = ArrayPictures(np.zeros((30, 16, 16, 1), np.uint8))


@pytest.mark.parametrize(
    ("options", "compiled"),
    [
        ({}, True),
        ({"gpus": 0}, False),
        ({"gpus": 2}, False),
        ({"jit": "0"}, False),
        ({"jit": "1", "gpus": 0}, True),
        ({"jit": "1", "replicas": 2}, False),
    ],
)
def test_one_gpu_takes_the_compiled_path_and_everything_else_only_when_told(monkeypatch, options, compiled):
    path, note = chosen(monkeypatch, PICTURES, **options)
    assert type(path) is (CompiledSteps if compiled else HostSteps)
    assert note == ""


def test_pictures_may_take_two_thirds_of_the_memory(monkeypatch):
    size = PICTURES.device_bytes
    assert size == 30 * 16 * 16
    path, note = chosen(monkeypatch, PICTURES, memory=size * 3 // 2)
    assert (type(path), note) == (CompiledSteps, "")
    path, note = chosen(monkeypatch, PICTURES, memory=size * 3 // 2 - 2)
    assert type(path) is HostSteps
    assert "take 0.0 GiB, more than 67% of the GPU's 0.0 GiB" in note


def test_pictures_that_are_read_from_disk_keep_the_host_path(monkeypatch):
    path, note = chosen(monkeypatch, StreamedPictures([], lambda record: record, (16, 16, 1)))
    assert type(path) is HostSteps
    assert "too many for memory and are read from disk" in note
