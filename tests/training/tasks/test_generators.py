import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_loops import pictures, small_loop, weights
from training.data.random_streams import Stream, normals, stream_key, uniforms
from training.errors import CollapsedError, DivergedError, InputError
from training.loop.precision import precision
from training.recipes import flat
from training.runs.checkpoint import Checkpoints
from training.runs.folder import Run
from training.tasks.adversarial import task as adversarial
from training.tasks.adversarial.losses import LOSSES
from training.tasks.adversarial.task import STANDING, between
from training.tasks.variational.likelihood import binarised, divergence, log_likelihood

MODELS = (
    "vae_subpixel",
    pytest.param("dcgan_subpixel", marks=pytest.mark.slow),
    pytest.param("sngan_transpose_2r", marks=pytest.mark.slow),
)

ROOT = Path(__file__).resolve().parents[3]


def test_normals_are_standard_normal_and_do_not_depend_on_the_batch():
    positions = tf.range(20_000, dtype=tf.int64)
    draws = normals(7, positions, 5).numpy()
    assert draws.shape == (20_000, 5)
    np.testing.assert_allclose(draws.mean(0), 0.0, atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), np.eye(5), atol=0.04)
    np.testing.assert_allclose((draws**4).mean(0), 3.0, atol=0.2)
    for start, size in ((0, 1), (5, 3), (101, 17)):
        np.testing.assert_array_equal(normals(7, positions[start : start + size], 5), draws[start : start + size])
    u = uniforms(7, positions[:9], 6).numpy().astype(np.float64)
    radius, angle = np.sqrt(-2 * np.log(1 - u[:, :3])), 2 * np.pi * u[:, 3:]
    expected = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], 1)
    np.testing.assert_allclose(draws[:9], expected[:, :5], atol=1e-6)


def test_pictures_are_binarised_with_their_values_as_means():
    image = tf.broadcast_to(tf.constant([0.0, 0.3, 1.0])[None, :, None, None], (4000, 3, 4, 1))
    drawn = binarised(image, 5, tf.range(4000, dtype=tf.int64)).numpy()
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean((0, 2, 3)), [0.0, 0.3, 1.0], atol=0.015)
    np.testing.assert_array_equal(binarised(image[:5], 5, tf.range(7, 12, dtype=tf.int64)), drawn[7:12])
    assert not np.array_equal(binarised(image, 6, tf.range(4000, dtype=tf.int64)), drawn)


def test_the_divergence_is_that_of_the_integral():
    mean, log_variance = np.array([[0.7], [-1.5]]), np.array([[-0.4], [0.9]])
    z = np.linspace(-30.0, 30.0, 60_001)
    variance = np.exp(log_variance)
    log_q = -0.5 * (np.log(2 * np.pi * variance) + (z - mean) ** 2 / variance)
    log_p = -0.5 * (np.log(2 * np.pi) + z**2)
    expected = np.trapezoid(np.exp(log_q) * (log_q - log_p), z)
    np.testing.assert_allclose(divergence(tf.constant(mean), tf.constant(log_variance)), expected, rtol=1e-9)
    together = divergence(tf.constant(mean.T), tf.constant(log_variance.T))
    np.testing.assert_allclose(together, [expected.sum()], rtol=1e-9)


def test_the_likelihood_is_bernoullis():
    generator = np.random.default_rng(0)
    target, logits = generator.integers(0, 2, (2, 3, 4, 1)).astype(float), generator.standard_normal((2, 3, 4, 1))
    chance = 1 / (1 + np.exp(-logits))
    expected = np.log(np.where(target == 1, chance, 1 - chance)).sum((1, 2, 3))
    np.testing.assert_allclose(log_likelihood(tf.constant(target), tf.constant(logits)), expected, rtol=1e-12)


def test_losses_are_those_of_the_papers():
    real, fake = np.array([-3.0, 0.2, 1.5, 40.0]), np.array([2.0, -0.4, -1.5, -40.0])

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    of_discriminator, of_generator = LOSSES["non_saturating"]
    expected = -np.log(sigmoid(real)) - np.log(1 - sigmoid(fake))
    np.testing.assert_allclose(of_discriminator(tf.constant(real), tf.constant(fake)), expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(of_generator(tf.constant(fake)), -np.log(sigmoid(fake)), rtol=1e-12)
    of_discriminator, of_generator = LOSSES["hinge"]
    np.testing.assert_allclose(of_discriminator(tf.constant(real), tf.constant(fake)), [7.0, 1.4, 0.0, 0.0])
    np.testing.assert_allclose(of_generator(tf.constant(fake)), -fake)


def test_latents_between_two_keep_their_length():
    first, last = np.array([3.0, 0.0, 0.0]), np.array([0.0, 3.0, 0.0])
    way = between(tf.constant(first), tf.constant(last), 4).numpy()
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 3.0)
    angles = np.radians([0, 30, 60, 90])
    np.testing.assert_allclose(way[:, :2], 3.0 * np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-12)


def test_the_penalty_is_the_squared_gradient_at_real_pictures_now_and_then():
    task = small_loop("dcgan_subpixel", 2, gradient_penalty=3.0).task
    image = keras.Input((28, 28, 1))
    dense = keras.layers.Dense(1)
    task.networks["discriminator"] = keras.Model(image, dense(keras.layers.Flatten()(image)))
    real = tf.random.uniform((4, 28, 28, 1), seed=1)
    expected = 0.5 * 3.0 * adversarial.PENALTY_EVERY * np.sum(dense.get_weights()[0] ** 2)
    for step, value in ((0, expected), (1, 0.0), (adversarial.PENALTY_EVERY, expected)):
        assert float(task._penalty(real, 4, tf.constant(step, tf.int64))) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_a_resumed_loop_reaches_the_same_bits(model, tmp_path):
    first = small_loop(model, 6)
    first.advance(4)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(4, first.task.groups(), first.progress.state())
    first.advance(2)
    second = small_loop(model, 6)
    # Elsewhere in every variable before it resumes.
    second.advance(1)
    checkpoint, _ = checkpoints.load_newest()
    second.resume(checkpoint)
    second.advance(2)
    expected, found = weights(first), weights(second)
    assert set(expected) >= {"network/model", "optimiser/model", "published"}
    assert ("network/discriminator" in expected) == (not model.startswith("vae"))
    for group, values in expected.items():
        for one, other in zip(values, found[group], strict=True):
            np.testing.assert_array_equal(one, other)
    assert second.progress.totals == first.progress.totals


def relative_distances(*models: str) -> dict[str, dict[str, float]]:
    """Return how far two devices and one come apart in 200 steps in float64."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.helpers.small_loops", "200", *models],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_two_devices_reach_the_networks_of_one():
    found = relative_distances("dcgan_subpixel", "sngan_subpixel", "vae_subpixel")
    assert set(found["dcgan_subpixel"]) >= {"network/model", "network/discriminator", "average", "published"}
    for distances in found.values():
        assert max(distances.values()) < 1e-8, distances
        assert distances["network/model"] > 0


def test_what_is_published_is_the_average_with_statistics_of_its_own():
    loop = small_loop("dcgan_subpixel", 3)
    task = loop.task
    loop.advance(3)
    task.refresh()
    shown, trained = task.published, task.model
    for weight, average, own in zip(shown.weights, task.averages.variables, trained.weights, strict=True):
        if "moving" not in weight.name:
            np.testing.assert_array_equal(weight, average)
            assert weight.name == own.name
    assert not np.array_equal(shown.get_layer("dense").get_weights()[0], trained.get_layer("dense").get_weights()[0])
    latents = normals(stream_key(3, Stream.FIXED_LATENTS, 0), tf.range(STANDING, dtype=tf.int64), 4).numpy()
    # The first normalisation sees nothing but the mode and the first layer.
    projected = np.asarray(shown.get_layer("mode")(latents)) @ shown.get_layer("hidden").get_weights()[0]
    _, _, mean, variance = shown.get_layer("normal_hidden").get_weights()
    np.testing.assert_allclose(mean, projected.mean(0), atol=1e-5)
    np.testing.assert_allclose(variance, projected.var(0), rtol=1e-4)
    before = weights(loop)
    task.refresh()
    for one, other in zip(before["published"], task.published.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_several_updates_of_the_discriminator_a_step_and_in_half_precision():
    options = {"discriminator_steps": 2, "discriminator_learning_rate": 4e-3, "average": 0.0}
    with precision("mixed_bfloat16"):
        loop = small_loop("sngan_subpixel", 4, precision="mixed_bfloat16", **options)
        before = weights(loop)
        loop.advance(2)
        after = weights(loop)
    optimisers = loop.task.optimisers
    assert int(optimisers["discriminator"].iterations) == 4
    assert int(optimisers["model"].iterations) == 2
    # In the middle of the run both rates have fallen to a half, whoever has had more updates.
    assert float(optimisers["discriminator"].learning_rate) == pytest.approx(2e-3)
    assert float(optimisers["model"].learning_rate) == pytest.approx(5e-4)
    assert loop.task.published is loop.task.model
    assert loop.task.model.get_layer("up1").compute_dtype == "bfloat16"
    for group in ("network/model", "network/discriminator"):
        assert {value.dtype for value in after[group]} == {np.dtype("float32")}
        assert all(np.isfinite(value).all() for value in after[group])
        assert any(not np.array_equal(a, b) for a, b in zip(before[group], after[group], strict=True))
    with pytest.raises(InputError, match="batch=4 does not divide by discriminator_steps=3 times 1 replicas"):
        small_loop("sngan_subpixel", 2, discriminator_steps=3)


@pytest.fixture
def guarded(tmp_path):
    """`guarded(steps)`: a loop over a small DCGAN that saves at every second step into a run's folder."""
    run = Run(tmp_path / "dcgan_subpixel" / "run")

    def make(steps: int):
        options = {"log_every": 2, "evaluations": 1, "checkpoint_minutes": 1e-9, "model.filters": 4}
        loop = small_loop("dcgan_subpixel", steps, run=run, **options)
        recipe = flat(loop.recipe)
        run.create({"model": "dcgan_subpixel", "seed": 3, "recipe": recipe})
        return loop

    yield make
    run.release()


def test_a_collapsed_generator_stops_the_run_at_its_step(guarded, monkeypatch):
    loop = guarded(8)
    advance = type(loop).advance

    def collapsing(self, count):
        advance(self, count)
        if self.progress.step >= 5:
            # Every latent now leads to one picture.
            for network in (self.task.model, self.task._average):
                dense = network.get_layer("dense")
                dense.set_weights([np.zeros_like(dense.get_weights()[0])])
            for average, weight in zip(self.task.averages.variables, self.task.model.weights, strict=True):
                average.assign(weight)

    monkeypatch.setattr(type(loop), "advance", collapsing)
    with pytest.raises(CollapsedError, match=r"has collapsed: .* 0\.000 times .* at step [5678]; the run"):
        loop.train_to_end()
    kept = Checkpoints(loop.run.checkpoints).load_newest()[0]
    assert 0 < kept.step < 5
    loop.close()


def test_a_discriminator_that_has_won_is_noticed():
    task = small_loop("dcgan_subpixel", 2).task
    part = pictures()

    def rows(losses):
        return [{"step": 100 * number, "train/discriminator_loss": loss} for number, loss in enumerate(losses, 1)]

    assert "below 0.01 for the last 1000 steps" in task.failure(rows([0.5] * 5 + [0.001] * 10), part)
    assert task.failure(rows([0.5] * 6 + [0.001] * 9), part) is None
    assert task.failure(rows([0.001] * 9), part) is None
    assert task.failure([], part) is None


def test_a_loss_that_is_not_finite_stops_at_its_step(monkeypatch):
    step = adversarial.Adversarial.step

    def poisoned(task, batch):
        values = step(task, batch)
        loss = values["train/discriminator_loss"]
        return values | {"train/discriminator_loss": tf.where(batch["step"] == 2, tf.cast(np.nan, loss.dtype), loss)}

    monkeypatch.setattr(adversarial.Adversarial, "step", poisoned)
    loop = small_loop("dcgan_subpixel", 5)
    with pytest.raises(DivergedError, match="not finite at step 3"):
        loop.advance(5)


def test_samples_that_are_not_finite_stop_the_run_though_its_weights_are():
    loop = small_loop("dcgan_subpixel", 2)
    loop.task._features = lambda images: images.mean((2, 3))
    for weight in (*loop.task.model.weights, *loop.task.averages.variables):
        weight.assign(tf.fill(weight.shape, 1e30))
    with pytest.raises(DivergedError, match="the evaluation at step 0 is not a number"):
        loop.train_to_end()


def test_a_variational_autoencoder_learns():
    loop = small_loop("vae_subpixel", 150, learning_rate=3e-3)
    before = loop.evaluate()
    loop.advance(150)
    after = loop.evaluate()
    assert after["eval/elbo"] > before["eval/elbo"] + 20
    assert after["eval/divergence"] > before["eval/divergence"]
    assert {"eval/psnr", "eval/ssim", "eval/checkerboard"} <= set(after)


def test_what_sums_over_replicas_is_not_compiled_for_several(monkeypatch):
    monkeypatch.setattr(type(tf.distribute.get_strategy()), "num_replicas_in_sync", 2)
    with pytest.raises(InputError, match="JIT=1 compiles dcgan_subpixel for one device, not for 2"):
        small_loop("dcgan_subpixel", 2, compile_gradients=True)


def test_pictures_of_another_size_are_refused(shapes_folder):
    from training.data import open_source
    from zoo import create_model

    source = open_source(f"folder:{shapes_folder}")
    network = create_model("dcgan_subpixel", image_shape=(32, 32, 1), filters=1)
    with pytest.raises(InputError, match=r"makes pictures of 32x32x1, folder:.* has 28x28x1"):
        adversarial.Adversarial.check(network, source)


@pytest.mark.slow
def test_the_residual_networks_learn():
    loop = small_loop("sngan_resize", 4, **{"model.residual": True})
    before = weights(loop)
    loop.advance(4)
    for group, values in weights(loop).items():
        if group.startswith("network/"):
            assert all(np.isfinite(value).all() for value in values)
            assert sum((value != old).any() for value, old in zip(values, before[group], strict=True)) > len(values) / 2
