"""Whole runs of generative families: tags, endpoints, cards, publishing."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from tests.helpers.small_loops import pictures, small_loop
from training.errors import InputError
from training.evaluate import evaluate, evaluate_command
from training.publishing.publish import publish
from training.runs.checkpoint import Checkpoints
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks.adversarial import task as adversarial
from training.tasks.variational.likelihood import binarised
from zoo import metrics
from zoo.models import parse_name
from zoo.pretrained.load import CARD


@pytest.fixture(scope="module")
def runs(tmp_path_factory, shapes_folder):
    """Finished runs of a VAE and a DCGAN by model name, not to be changed."""
    from tests.helpers.small_requests import small_request
    from training.reporting import TrainingConsole
    from training.train import train

    root = tmp_path_factory.mktemp("drawn") / "runs"
    names = ("vae_subpixel", "dcgan_subpixel")
    settings = {"learning_rate": 1e-3, "evaluations": 2}
    return {
        name: train(small_request(root, shapes_folder, name, steps=4, settings=settings), TrainingConsole()).parent
        for name in names
    }


def tags(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(run / "tensorboard"), size_guidance={"tensors": 0})
    accumulator.Reload()
    return accumulator, set(accumulator.Tags()["tensors"])


def test_tensorboard_holds_the_tags(runs):
    _, found = tags(runs["vae_subpixel"])
    assert {"train/loss", "train/examples_per_second", "eval/elbo", "eval/psnr", "eval/ssim", "eval/pictures"} <= found
    assert "eval/spectrum" in found
    accumulator, found = tags(runs["dcgan_subpixel"])
    assert {"train/loss", "train/generator_loss", "train/discriminator_loss", "eval/checkerboard"} <= found
    assert len(accumulator.Tensors("eval/spectrum")) == 3
    shown = [tf.make_ndarray(event.tensor_proto)[2] for event in accumulator.Tensors("eval/pictures")]
    assert len(shown) == 3
    # Eight rows of ten, three times as large, with a frame of one pixel.
    assert tf.io.decode_png(shown[0]).shape == (8 * 3 * 30, 10 * 3 * 30, 1)


def test_endpoints_of_a_variational_autoencoder(runs):
    saved = tf.saved_model.load(str(runs["vae_subpixel"] / "saved_model"))
    assert set(saved.signatures) == {"serve", "serving_default", "encode", "decode", "sample"}
    images = tf.random.uniform((3, 28, 28, 1), seed=1)
    code = saved.signatures["encode"](image=images)
    assert {name: value.shape for name, value in code.items()} == {"latent": (3, 32), "log_variance": (3, 32)}
    decoded = saved.signatures["decode"](latent=code["latent"])["image"]
    np.testing.assert_allclose(saved.serve(image=images)["image"], decoded, atol=1e-6)


@pytest.mark.parametrize("model", ["vae_subpixel", "dcgan_subpixel"])
def test_samples_depend_on_the_seed_alone(runs, model):
    saved = tf.saved_model.load(str(runs[model] / "saved_model"))
    sample = saved.signatures["sample"]
    assert sample.structured_input_signature[1] == {
        "count": tf.TensorSpec([], tf.int32, "count"),
        "seed": tf.TensorSpec([], tf.int64, "seed"),
    }

    def drawn(count, seed):
        return sample(count=tf.constant(count), seed=tf.constant(seed, tf.int64))["image"].numpy()

    many = drawn(9, 2**40 + 7)
    assert many.shape == (9, 28, 28, 1)
    assert 0.0 <= many.min() < many.max() <= 1.0
    np.testing.assert_array_equal(drawn(9, 2**40 + 7), many)
    np.testing.assert_allclose(drawn(4, 2**40 + 7), many[:4], atol=1e-6)
    assert np.abs(drawn(9, 7) - many).max() > 1e-3


def test_a_generator_serves_latents(runs):
    run = runs["dcgan_subpixel"]
    saved = tf.saved_model.load(str(run / "saved_model"))
    assert set(saved.signatures) == {"serve", "serving_default", "sample"}
    for batch in (1, 7):
        latents = tf.random.normal((batch, 32), seed=batch)
        image = saved.signatures["serving_default"](latent=latents)["image"]
        assert image.shape == (batch, 28, 28, 1)
        # Samples are equal one at a time and together, because batch normalisation uses stored statistics.
        np.testing.assert_allclose(saved.serve(latents[:1])["image"], image[:1], atol=1e-6)
    saved_weights = [variable.numpy() for variable in saved.variables]
    averages = Checkpoints(run / "checkpoints").load_newest()[0].arrays["average"]
    equal = [np.array_equal(a, b) for a, b in zip(saved_weights, averages, strict=True)]
    names = [weight.name for weight in small_loop("dcgan_subpixel", 1).task.model.weights]
    assert all(same or "moving" in name for same, name in zip(equal, names, strict=True))


@pytest.mark.slow
def test_the_card_of_a_variational_autoencoder_tells_its_likelihood(runs, shapes_folder):
    from training.data import open_source

    run = runs["vae_subpixel"]
    metrics = json.loads((run / "saved_model" / CARD).read_text())["metrics"]
    assert {"elbo", "log_likelihood", "psnr", "ssim", "mse"} <= set(metrics)
    (path,) = (run / "evaluation").glob("*.csv")
    columns = np.genfromtxt(path, delimiter=",", names=True)
    for name in ("elbo", "log_likelihood"):
        assert metrics[name]["value"] == pytest.approx(columns[name].mean())
        assert metrics[name]["standard_error"] == pytest.approx(columns[name].std(ddof=1) / len(columns) ** 0.5)
    assert "standard_error" not in metrics["psnr"]
    assert {"diversity", "spectral_distance"} <= set(metrics)
    assert "diversity" not in columns.dtype.names
    assert np.all(columns["log_likelihood"] > columns["elbo"])

    # NumPy's own draws of the latent lead to the same numbers, but for their chance.
    part = open_source(f"folder:{shapes_folder}").split("test")
    positions = tf.range(part.count, dtype=tf.int64)
    image = tf.cast(part.take(positions), tf.float32) / 255.0
    binary = binarised(image, 0, positions)
    saved = tf.saved_model.load(str(run / "saved_model"))
    code = {name: value.numpy().astype(np.float64) for name, value in saved.encode(image=binary).items()}
    mean, deviation = code["latent"], np.exp(0.5 * code["log_variance"])
    generator = np.random.default_rng(0)
    logs = []
    for _ in range(200):
        noise = generator.standard_normal(mean.shape)
        z = mean + deviation * noise
        chance = saved.decode(latent=tf.constant(z, tf.float32))["image"].numpy().astype(np.float64)
        likelihood = np.log(np.where(binary.numpy() > 0, chance, 1 - chance)).sum((1, 2, 3))
        prior = -0.5 * (z**2 + np.log(2 * np.pi)).sum(1)
        posterior = -0.5 * (noise**2 + np.log(2 * np.pi) + code["log_variance"]).sum(1)
        logs.append(likelihood + prior - posterior)
    logs = np.array(logs)
    np.testing.assert_allclose(columns["elbo"], logs.mean(0), atol=5 * logs.std(0).max() / 200**0.5)
    weighted = np.log(np.exp(logs - logs.max(0)).mean(0)) + logs.max(0)
    np.testing.assert_allclose(columns["log_likelihood"], weighted, atol=1.5 * logs.std(0).max())

    source = open_source(f"folder:{shapes_folder}")
    few = evaluate(run / "saved_model", parse_name("vae_subpixel"), source, "test", EvaluationOptions(draws=1))
    assert ": 1 draws of the latent a picture" in few.protocol
    assert few.means()["log_likelihood"] == pytest.approx(few.means()["elbo"], abs=3 * logs.std(0).max())
    assert few.means()["log_likelihood"] < metrics["log_likelihood"]["value"]


def test_the_card_of_a_generator_tells_what_its_samples_are_like(runs):
    card = json.loads((runs["dcgan_subpixel"] / "saved_model" / CARD).read_text())
    assert card["input"]["shape"] == [None, 32]
    assert card["input"]["range"] is None
    assert set(card["metrics"]) == {"checkerboard", "diversity", "spectral_distance"}
    assert card["metrics"]["diversity"]["protocol"].startswith("test, 6 pictures, 6 samples, 6 of each seed")


def test_the_frechet_distance_is_measured_where_a_classifier_of_the_source_is_published(monkeypatch):
    from training.data import open_source
    from training.tasks import samples

    def means(images):
        return np.asarray(images).mean((2, 3))

    source = open_source("glyphs")
    loop = small_loop("dcgan_subpixel", 2, **{"model.filters": 4})
    assert loop.task.prepare(source) == "no classifier of glyphs is published, so that eval/frechet is left out"
    assert "eval/frechet" not in loop.evaluate()

    monkeypatch.setattr(samples, "published_names", lambda: ["features.glyphs"])
    monkeypatch.setattr(samples, "card", lambda name: {"input": {"shape": [None, 28, 28, 1]}})
    monkeypatch.setattr(adversarial, "feature_function", {"features.glyphs": means}.__getitem__)
    assert samples.classifier_of(source, (32, 32, 1)) is None
    assert loop.task.prepare(source) == ""
    values = loop.evaluate()
    real = pictures().take(tf.range(40, dtype=tf.int64)).numpy() / 255.0
    made = loop.task._samples(loop.task._fixed_latents(adversarial.EVALUATED)).numpy()
    assert values["eval/frechet"] == pytest.approx(metrics.frechet_distance(means(real), means(made)), rel=1e-5)
    assert loop.task.rank(values) == -values["eval/frechet"]
    # The floor needs twice the number of pictures that are evaluated on.
    assert "eval/frechet_floor" not in values
    monkeypatch.setattr(adversarial, "EVALUATED", 20)
    floor = metrics.frechet_distance(means(real[:20]), means(real[20:]))
    assert loop.evaluate()["eval/frechet_floor"] == pytest.approx(floor, rel=1e-5)


@pytest.mark.parametrize("model", ["vae_subpixel", "dcgan_subpixel"])
def test_samples_are_measured_by_the_classifier_of_the_source_beside_real_pictures(
    runs, model, shapes_folder, monkeypatch
):
    from training.data import open_source
    from training.tasks import samples

    source = open_source(f"folder:{shapes_folder}")
    evaluated = runs[model] / "saved_model", parse_name(model), source, "test"
    assert "frechet" not in evaluate(*evaluated).means()

    def means(images):
        return images.mean((2, 3))

    def probabilities(images):
        sure = images.mean((1, 2, 3)) > 0.3
        return np.where(sure[:, None], [0.95, 0.05], [0.2, 0.8])

    monkeypatch.setattr(samples, "classifier_of", lambda source, shape: "features.shapes")
    monkeypatch.setattr(samples, "feature_function", {"features.shapes": means}.__getitem__)
    monkeypatch.setattr(samples, "class_probabilities", {"features.shapes": probabilities}.__getitem__)
    # The source has 6 pictures to test on, and precision needs more than 3.
    found = evaluate(*evaluated)
    values = found.means()
    assert found.samples == 6

    def first(split):
        return source.split(split).take(tf.range(6, dtype=tf.int64)).numpy() / np.float32(255.0)

    saved = tf.saved_model.load(str(runs[model] / "saved_model"))
    made = saved.sample(count=6, seed=tf.constant(0, tf.int64))["image"].numpy()
    assert values["frechet"] == pytest.approx(metrics.frechet_distance(means(first("test")), means(made)), rel=1e-5)
    floor = metrics.frechet_distance(means(first("test")), means(first("train")))
    assert values["frechet_floor"] == pytest.approx(floor, rel=1e-5)
    assert values["confident"] == np.mean(made.mean((1, 2, 3)) > 0.3)
    assert values["confident_floor"] == np.mean(first("test").mean((1, 2, 3)) > 0.3)
    shares = sorted([values["confident"], 1 - values["confident"]])
    assert [values["smallest_class"], values["largest_class"]] == pytest.approx(shares)
    assert {"kernel", "kernel_floor", "precision", "recall"} <= set(values)
    assert "features.shapes" in found.protocol
    monkeypatch.setattr(samples, "COUNT", 3)
    with pytest.raises(InputError, match=r"distances of samples to 3 pictures of .*neighbours=3"):
        evaluate(*evaluated)


def test_features_that_cannot_be_had_are_named(runs, shapes_folder, command, command_process, monkeypatch, tmp_path):
    shutil.copytree(runs["dcgan_subpixel"], tmp_path / "run")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    asked = ("training", "evaluate", "--model", "run/", "--data", f"folder:{shapes_folder}", "--features")
    for name, run, said in (
        # Keras reads KERAS_HOME when it is imported.
        ("inception", command_process, "the weights of inception are not here"),
        ("incepton", command, "did you mean inception?"),
    ):
        done = run(*asked, name)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("model", ["vae_subpixel", "dcgan_subpixel"])
def test_they_are_published(runs, model, tmp_path):
    run = tmp_path / "runs" / model / "12345678-s0"
    shutil.copytree(runs[model], run)
    config = json.loads((run / "config.json").read_text())
    config["source"]["name"] = "mnist"
    (run / "config.json").write_text(json.dumps(config))
    assert publish(run, folder=tmp_path / "saved_models").name == model


def test_other_features_and_fewer_draws_leave_the_own_evaluation_of_a_run_what_it_is(
    runs, shapes_folder, monkeypatch, tmp_path
):
    run = tmp_path / "runs" / "vae_subpixel" / "12345678-s0"
    shutil.copytree(runs["vae_subpixel"], run)
    config = json.loads((run / "config.json").read_text())
    config["recipe"]["likelihood_draws"] = 7
    (run / "config.json").write_text(json.dumps(config))
    before = {path: path.read_bytes() for path in (run / "evaluation").iterdir()}
    asked = []

    def measured(*arguments):
        asked.append(arguments[-1])
        return Evaluation("mnist", "test", "quick", [("0", {"psnr": 1.0})])

    monkeypatch.setattr("training.evaluate.evaluate", measured)
    monkeypatch.chdir(tmp_path)
    evaluate_command(str(run), f"folder:{shapes_folder}", Console(quiet=True), "inception")
    assert {path: path.read_bytes() for path in (run / "evaluation").iterdir()} == before
    other = "vae_subpixel-12345678-s0-mnist-test-inception"
    assert sorted(path.name for path in (tmp_path / "runs" / "evaluate").iterdir()) == [f"{other}.csv", f"{other}.json"]
    evaluate_command(str(run), f"folder:{shapes_folder}", Console(quiet=True))
    assert (run / "evaluation" / "mnist-test.csv").is_file()
    assert asked == [EvaluationOptions("inception", 7), EvaluationOptions(None, 7)]
