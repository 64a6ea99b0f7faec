"""The classification task in the one loop: labels, batch statistics, endpoints, evaluation."""

import csv
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import training.data
from tests.helpers.small_requests import interrupted_after
from training.data import Source
from training.data.batches.pictures import ArrayPictures
from training.errors import InputError
from training.evaluate import evaluate
from training.publishing.publish import _check_outputs
from training.recipes import recipe_for
from training.reporting import TrainingConsole
from training.request import TrainingRequest
from training.runs.checkpoint import Checkpoints
from training.tasks.classification.task import Classification, accuracy, cross_entropy
from training.train import train
from zoo.arrays import relative_distance
from zoo.models import parse_name
from zoo.pretrained.load import CARD

SMALL = {"batch": 12, "learning_rate": 1e-2, "warmup_steps": 2, "log_every": 3, "evaluations": 4, "average": 0.5}
CLASSES = 3
COUNTS = {"train": 90, "validation": 27, "test": 31}


class Bars(Source):
    """Noisy pictures of 12x10 with a bar at the left, in the middle or at the right, which is the label."""

    fingerprint = "0123456789ab"

    def __init__(self, classes=CLASSES):
        super().__init__("bars", (12, 10, 1), tuple(COUNTS), classes=classes)

    def _split(self, split):
        generator = np.random.default_rng(tuple(COUNTS).index(split))
        labels = generator.integers(0, CLASSES, COUNTS[split])
        images = generator.integers(0, 130, (COUNTS[split], *self.image_shape), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 3 * label : 3 * label + 3] += np.uint8(60)
        return ArrayPictures(images, labels, self.classes)


@pytest.fixture(autouse=True, scope="module")
def bars():
    """Every source is bars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.data, "open_source", lambda *_, **__: Bars())
        yield


def trained(root, **settings):
    """Train for some seconds; returns the run's folder."""
    name = parse_name("features")
    recipe = recipe_for(name.family, "bars", {**SMALL, "model.filters": 3, "steps": 60, **settings})
    return train(TrainingRequest(model=name, recipe=recipe, root=root), TrainingConsole()).parent


@pytest.fixture(scope="module")
def finished(bars, tmp_path_factory):
    """A finished run, not to be changed."""
    return trained(tmp_path_factory.mktemp("finished"))


def arrays(folder):
    return Checkpoints(folder / "checkpoints").load_newest()[0].arrays


def test_it_learns_and_leaves_accuracy_in_every_place(finished):
    with (finished / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "eval/accuracy", "eval/loss", "train/loss"]
    assert float(rows[-1]["eval/accuracy"]) > 0.9
    assert float(rows[-1]["train/loss"]) < 0.5 * float(rows[0]["train/loss"])
    card = json.loads((finished / "saved_model" / CARD).read_text())
    assert card["model_arguments"] == {"image_shape": [12, 10, 1], "classes": CLASSES, "filters": 3}
    assert (card["upsampler"], card["scale"], card["family"]) == (None, None, "features")
    assert set(card["metrics"]) == {"accuracy", "cross_entropy"}
    assert card["metrics"]["accuracy"]["value"] > 0.8
    best = Checkpoints(finished / "checkpoints").load_newest()[0].state["best"]
    assert best["score"] == max(float(row["eval/accuracy"]) for row in rows if row["eval/accuracy"])


def test_the_endpoint_gives_probabilities_and_features_of_any_batch(finished):
    saved = tf.saved_model.load(str(finished / "saved_model"))
    assert set(saved.signatures) == {"serve", "serving_default"}
    for batch in (1, 7):
        images = tf.random.uniform((batch, 12, 10, 1), seed=batch)
        served = saved.signatures["serving_default"](image=images)
        assert {name: value.shape for name, value in served.items()} == {
            "probabilities": (batch, CLASSES),
            "features": (batch, 12),
        }
        np.testing.assert_allclose(tf.reduce_sum(served["probabilities"], 1), np.ones(batch), atol=1e-6)
        np.testing.assert_array_equal(served["features"], saved.serve(image=images)["features"])
    _check_outputs(finished / "saved_model", json.loads((finished / "saved_model" / CARD).read_text()))


def test_evaluation_is_that_of_numpy_over_every_picture_once(finished):
    pictures = Bars().split("test")
    everything = tf.range(pictures.count, dtype=tf.int64)
    images, labels = pictures.take(everything).numpy() / np.float32(255), pictures.labels(everything).numpy()
    saved = tf.saved_model.load(str(finished / "saved_model"))
    probabilities = saved.serve(image=images)["probabilities"].numpy()
    evaluation = evaluate(finished / "saved_model", parse_name("features"), Bars(), "test")
    assert len(evaluation.rows) == COUNTS["test"]
    right = [row["accuracy"] for _, row in evaluation.rows]
    np.testing.assert_array_equal(right, probabilities.argmax(1) == labels)
    surprise = -np.log(probabilities[np.arange(len(labels)), labels])
    np.testing.assert_allclose([row["cross_entropy"] for _, row in evaluation.rows], surprise, rtol=1e-4, atol=1e-6)
    card = json.loads((finished / "saved_model" / CARD).read_text())
    assert card["metrics"]["accuracy"]["value"] == pytest.approx(np.mean(right))


@pytest.mark.slow
def test_a_run_that_is_stopped_goes_on_to_the_same_bits(finished, tmp_path):
    interrupted_after(5, lambda: trained(tmp_path))
    resumed = trained(tmp_path)
    assert resumed.name == finished.name
    assert (resumed / "metrics.csv").read_bytes() == (finished / "metrics.csv").read_bytes()
    assert {"network/model", "optimiser/model", "average"} == set(arrays(finished))
    for group, values in arrays(finished).items():
        for a, b in zip(values, arrays(resumed)[group], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_two_devices_reach_the_weights_of_one(command_process, tmp_path):
    # Both run as processes, because a fixture of this module replaces every source in this one.
    reached = {}
    for name, options in [("one", ()), ("mirrored", ("--devices", "2"))]:
        settings = ("batch=12", "model.filters=2", "log_every=50", "average=0.9", "evaluations=1")
        given = ("--data", "glyphs", "--steps", 200, "--precision", "float64", "--strategy", name)
        done = command_process(
            *("training", "train", "--model", "features", *given, *options, "--set", *settings),
            folder=tmp_path / name,
        )
        assert done.returncode == 0, done.stderr
        assert "validation accuracy" in done.stdout
        assert ("2 replicas" in done.stdout) == (name == "mirrored")
        (folder,) = (tmp_path / name / "runs" / "features").iterdir()
        reached[name] = arrays(folder)
    for group in ("network/model", "average"):
        assert 0 < relative_distance(reached["one"][group], reached["mirrored"][group]) < 1e-8


def test_sources_that_do_not_fit_are_refused_before_anything_is_made(tmp_path, monkeypatch):
    with pytest.raises(
        InputError, match=r"distinguishes 4 classes of pictures of 12x10x1, bars has 3 of 12x10x1; leave"
    ):
        trained(tmp_path / "runs", **{"model.classes": 4})
    with pytest.raises(InputError, match=r"pictures of 8x8x1, bars has 3 of 12x10x1"):
        trained(tmp_path / "runs", **{"model.image_shape": (8, 8, 1)})
    monkeypatch.setattr(training.data, "open_source", lambda *_, **__: Bars(classes=0))
    with pytest.raises(InputError, match="features learns from labels and bars has none; take a source that does"):
        trained(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_loss_and_accuracy_are_their_formulas():
    generator = np.random.default_rng(0)
    logits, label = 5 * generator.standard_normal((40, 6)), generator.integers(0, 6, 40)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(cross_entropy(label, tf.constant(logits)), -np.log(shares[np.arange(40), label]))
    right = accuracy(tf.constant(label), tf.constant(logits)).numpy()
    np.testing.assert_array_equal(right, logits.argmax(1) == label)
    assert 0 < right.mean() < 1


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_framed_by_whether_they_are_told_rightly(channels):
    # A network that says class 1 where the picture's first pixel is bright, else class 0.
    image = keras.Input((12, 12, channels))
    bright = keras.layers.Lambda(lambda x: 100 * (x[:, 0, 0, :1] - 0.5))(image)
    model = keras.Model(image, keras.layers.Concatenate()([-bright, bright]))
    task = Classification(recipe_for(parse_name("features").family, None, {"average": 0.0}), model, 1)
    first = np.array([0, 255, 255, 0, 0, 255, 0, 0, 255, 0, 255, 0, 255])
    label = np.array([0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1])
    pictures = np.full((13, 12, 12, channels), 128, np.uint8)
    pictures[:, 0, 0] = first[:, None]
    shown = task.pictures({"image": tf.constant(pictures), "label": tf.constant(label)}).numpy()
    # 13 pictures of 12 with a frame of 2 and a margin of 1, five times as large: one whole row of ten.
    assert shown.shape == (18 * 5, 10 * 18 * 5, 3)
    for number in range(10):
        frame, centre = shown[1 * 5 + 2, number * 90 + 7], shown[9 * 5, number * 90 + 45]
        told = (first[number] > 127) == label[number]
        np.testing.assert_allclose(frame, (0, 0.7, 0) if told else (1, 0, 0), atol=1e-6)
        np.testing.assert_allclose(centre, 128 / 255, atol=1e-6)
