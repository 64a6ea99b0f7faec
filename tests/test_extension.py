"""Extend the project from outside, through the registrations that it uses itself, and use every extension.

A family with a custom layer, an up-sampler, a task, an optimiser and a data source are defined here and nowhere else.
Each is trained by the ordinary command, exported, loaded, evaluated and compared with a twin.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import Command
from training import tasks
from training.compare.measure import collect, costs
from training.compare.results.records import read_rows
from training.data import Source, known_sources
from training.data.batches.pictures import ArrayPictures
from training.data.known_sources import register_source
from training.data.source_kind import SourceKind
from training.optimisers import OPTIMISERS, OptimiserInfo
from training.recipes import RECIPES, Recipe
from training.runs.evaluations import Evaluation, EvaluationOptions
from training.tasks import register_kind
from training.tasks.kind import Kind, View
from training.tasks.losses import global_mean, mean_squared_error
from training.tasks.pictures import picture_rows, to_float
from training.tasks.quality import QUALITY, check_pictures, measure_quality
from training.tasks.rows import measure_pictures
from training.tasks.serving import Endpoints, any_batch
from training.tasks.task import Batch, Scalars, Task
from zoo import names, registry
from zoo.models import families
from zoo.registry import ModelName, family
from zoo.system.keras_internals import SummedGradients
from zoo.upsampling import ResizeConv2D, Upsampler, register_upsampler, upsamplers

SIZE = 16


# A family: one file and a recipe. Its custom layer states its own facts.


@keras.saving.register_keras_serializable("extension")
class Gain(keras.layers.Layer):
    """Multiply every channel by a trained number."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")

    def call(self, inputs: Any) -> Any:
        return inputs * self.gain

    def multiply_adds(self, input_shape: tuple[int | None, ...], output_shape: tuple[int | None, ...]) -> int:
        return int(np.prod(output_shape[1:]))

    def reach(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        return (1, 0, 0), (1, 0, 0)


def gated(
    upsampler: Upsampler, *, image_shape: tuple[int, int, int] = (SIZE, SIZE, 1), filters: int = 4
) -> keras.Model:
    """Build an autoencoder with one up-sampler and the custom layer."""
    layers = keras.layers
    image = keras.Input(image_shape, name="image")
    latent = layers.Conv2D(filters, 3, 2, padding="same", activation="relu", name="down")(image)
    encoder = keras.Model(image, latent, name="encoder")
    code = keras.Input(latent.shape[1:], name="latent")
    x = Gain(name="gain")(code)
    x = upsampler(image_shape[-1], 3, 2, activation="sigmoid", name="up1")(x)
    decoder = keras.Model(code, x, name="decoder")
    return keras.Model(image, decoder(encoder(image)), name=f"gated_{upsampler.name}")


def cleaner(
    upsampler: Upsampler, *, image_shape: tuple[int, int, int] = (SIZE, SIZE, 1), filters: int = 4
) -> keras.Model:
    """Build a network that removes noise."""
    layers = keras.layers
    image = keras.Input(image_shape, name="image")
    x = layers.Conv2D(filters, 3, 2, padding="same", activation="relu", name="down")(image)
    x = upsampler(image_shape[-1], 3, 2, activation="sigmoid", name="up1")(x)
    return keras.Model(image, x, name=f"cleaner_{upsampler.name}")


# An up-sampler: its layer and a row of the table.

BILINEAR = Upsampler(
    "bilinear",
    functools.partial(ResizeConv2D, interpolation="bilinear"),
    ResizeConv2D,
    "bilinear resize, then Conv2D (k, k) at high resolution",
)


# An optimiser: one row of the table.


class Momentum(SummedGradients, keras.optimizers.SGD):
    """Keras's gradient descent with momentum, for gradients that are summed over replicas."""


MOMENTUM = OptimiserInfo("gradient descent with momentum", lambda recipe, rate: Momentum(rate, momentum=recipe.beta_1))


# A data source: one file and a row of the table.


class Stripes(SourceKind):
    """Open the source `stripes`."""

    names = ("stripes",)

    def open(self, text: str, image_size: int | None, seed: int, announce: Callable[[str], None]) -> Source:
        return StripesSource()


class StripesSource(Source):
    """Draw grey stripes of several widths and directions."""

    fingerprint = "0123456789ab"

    def __init__(self) -> None:
        super().__init__("stripes", (SIZE, SIZE, 1), ("train", "validation", "test"))

    def _split(self, split: str) -> ArrayPictures:
        random = np.random.default_rng(self.splits.index(split))
        angle, width = random.uniform(0, np.pi, (40, 1, 1)), random.uniform(0.3, 1.5, (40, 1, 1))
        rows, columns = np.mgrid[:SIZE, :SIZE]
        wave = np.sin(width * (np.cos(angle) * rows + np.sin(angle) * columns))
        return ArrayPictures(np.uint8(np.round(127.5 + 127.5 * wave))[..., None])


# A task: one package and a recipe. This module is the package.


class Cleaning(Task):
    """Train a network to remove noise that depends on the example alone."""

    losses = ("mean_squared_error",)

    @classmethod
    def check(cls, model: keras.Model, source: Source) -> None:
        check_pictures(model, source)

    def step(self, batch: Batch) -> Scalars:
        def loss(image: tf.Tensor) -> tf.Tensor:
            return global_mean(mean_squared_error(image, self.model(_noisy(image), training=True)), self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, to_float(batch["image"]))}

    def evaluate(self, batch: Batch) -> Scalars:
        image = to_float(batch["image"])
        output = self.published(_noisy(image), training=False)
        return {f"eval/{name}": value for name, value in measure_quality(image, output, self.period).items()}

    def pictures(self, batch: Batch) -> tf.Tensor:
        image = to_float(batch["image"])
        return picture_rows([image, _noisy(image), self.published(_noisy(image), training=False)])


def _noisy(image: tf.Tensor) -> tf.Tensor:
    noise = tf.random.stateless_normal(tf.shape(image)[1:], (0, 0), dtype=image.dtype)
    return tf.clip_by_value(image + 0.1 * noise, 0.0, 1.0)


def _endpoints(model: keras.Model, _: ModelName) -> Endpoints:
    @tf.function(input_signature=[any_batch(model, "image")])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model(image, training=False)}

    return {"serve": serve}


def _evaluate(saved_model: Path, name: ModelName, source: Source, split: str, options: EvaluationOptions) -> Evaluation:
    model = tf.saved_model.load(str(saved_model))

    def measure(batch: Batch) -> dict[str, tf.Tensor]:
        image = tf.cast(batch["image"], tf.float32) / 255.0
        return measure_quality(image, model.serve(_noisy(image))["image"], name.period)

    return Evaluation(source.name, split, "noise of 0.1", list(measure_pictures(measure, source, split, options.show)))


def _image(batch: Batch) -> tf.Tensor:
    return tf.cast(to_float(batch["image"]), tf.float32)


KIND = Kind(
    task=Cleaning,
    endpoints=_endpoints,
    evaluate=_evaluate,
    metrics=QUALITY,
    view=View(
        output=lambda model, endpoints, batch: endpoints["serve"](image=_image(batch))["image"],
        inputs=lambda network, endpoints, batch: _image(batch),
    ),
)

SMALL = Recipe(source="stripes", batch=8, steps=20, learning_rate=0.01, evaluations=2, log_every=10)


@pytest.fixture
def extended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register every extension, and take the registrations back afterwards."""
    families()
    tables: list[Any] = [registry._FAMILIES, registry.KINDS, tasks.KINDS, RECIPES, OPTIMISERS, upsamplers._TABLE]
    lists: list[Any] = [names._ADDED, known_sources.SOURCES]
    saved = [table.copy() for table in (*tables, *lists)]
    monkeypatch.setattr(collect, "costs", functools.partial(costs.costs, seconds=0.01))
    try:
        register_upsampler(BILINEAR)
        register_source(Stripes())
        OPTIMISERS["momentum"] = MOMENTUM
        register_kind("cleaner", __name__)
        options: dict[str, Any] = {"upsamplers": ("subpixel", "bilinear"), "upsampling": 2}
        family("gated", kind="autoencoder", **options)(gated)
        family("cleaner", kind="cleaner", **options)(cleaner)
        RECIPES["gated"] = dataclasses.replace(SMALL, loss="log_mean_squared_error")
        RECIPES["cleaner"] = dataclasses.replace(SMALL, loss="mean_squared_error")
        yield
    finally:
        for table, before in zip((*tables, *lists), saved, strict=True):
            table.clear()
            (table.update if isinstance(table, dict) else table.extend)(before)


@pytest.mark.usefixtures("extended")
@pytest.mark.parametrize("name", ["gated_bilinear", "cleaner_bilinear"])
def test_every_extension_is_trained_exported_and_evaluated(name: str, command: Command, tmp_path: Path) -> None:
    family_name = name.partition("_")[0]
    done = command("training", "train", "--model", name, "--set", "optimiser=momentum")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith("data: stripes\n")
    (run,) = (tmp_path / "runs" / name).iterdir()
    config = json.loads((run / "config.json").read_text())
    assert config["recipe"]["optimiser"] == "momentum"
    tasks_by_family = {"gated": "reconstruction", "cleaner": __name__.rpartition(".")[2]}
    assert config["recipe"]["task"] == tasks_by_family[family_name]
    rows = read_rows(run / "metrics.csv")
    assert rows[-1]["step"] == 20
    assert rows[-1]["train/loss"] < rows[0]["train/loss"]

    saved = tf.saved_model.load(str(run / "saved_model"))
    assert saved.serve(image=tf.zeros((3, SIZE, SIZE, 1)))["image"].shape == (3, SIZE, SIZE, 1)
    card = json.loads((run / "saved_model" / "assets.extra" / "card.json").read_text())
    assert (card["upsampler"], card["source"]) == ("bilinear", "stripes")
    assert card["multiply_adds"] > 0

    done = command("training", "evaluate", "--model", f"runs/{name}/{run.name}")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"{card['metrics']['psnr']['value']:.4f}" in done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("extended")
@pytest.mark.parametrize("family_name", ["gated", "cleaner"])
def test_every_extension_is_compared_with_a_twin(family_name: str, command: Command, tmp_path: Path) -> None:
    done = command("training", "compare", "--family", family_name, "--seeds", "1", "--steps", "20")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    folder = tmp_path / "runs" / "compare" / family_name / "stripes"
    twins = {row["twin"]: row for row in read_rows(folder / "twins.csv")}
    assert set(twins) == {"own/subpixel", "own/bilinear"}
    assert all(row["psnr_mean"] > 5 and row["constant_after"] is not None for row in twins.values())
    assert "`bilinear`" in (folder / "report.md").read_text()
