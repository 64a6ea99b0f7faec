"""Train a generator and a discriminator against each other."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from training.data.random_streams import Stream, normals, stream_key
from training.errors import InputError
from training.reporting.plots import spectra
from training.tasks.adversarial.losses import LOSSES
from training.tasks.losses import global_mean
from training.tasks.pictures import first_pictures, picture_rows, to_float
from training.tasks.quality import check_shape
from training.tasks.samples import classifier_of
from training.tasks.task import Batch, Scalars, Task
from zoo.metrics import (
    FeatureFunction,
    diversity,
    features_of,
    frechet_distance,
    radial_spectrum,
    sample_metrics,
)
from zoo.models import build_discriminator
from zoo.pretrained.feature_functions import feature_function

if TYPE_CHECKING:
    from training.data import Pictures, Source, StreamedPictures
    from training.recipes import Recipe

EVALUATED, STANDING, CHUNK = 1024, 512, 256
SAMPLE_ROWS, BETWEEN_ROWS, COLUMNS = 6, 2, 10
PENALTY_EVERY = 16
# Stop when samples vary less than LEAST_DIVERSITY times as much as the data, or when the discriminator's loss has
# stayed below LEAST_LOSS for LOST_STEPS steps: no gradient is left to learn from.
LEAST_DIVERSITY, LEAST_LOSS, LOST_STEPS = 0.02, 0.01, 1000


def between(first: tf.Tensor, last: tf.Tensor, count: int) -> tf.Tensor:
    """Return latents `[count, latent]` on the great circle between two, whose lengths stay likely (White 2016)."""
    cosine = tf.reduce_sum(first * last) / (tf.norm(first) * tf.norm(last))
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    way = tf.linspace(tf.zeros_like(angle), tf.ones_like(angle), count)[:, None]
    return (tf.sin((1.0 - way) * angle) * first + tf.sin(way * angle) * last) / tf.sin(angle)


class Adversarial(Task):
    """Update the discriminator, once or several times, then the generator, in one step.

    The statistics of batch normalisation in the published generator are computed from a fixed set of latents under its
    own weights. Moving averages would mix in statistics of other weights (Brock et al. 2019,
    https://arxiv.org/abs/1809.11096, section 4.2).
    """

    losses = tuple(LOSSES)
    training_tags = ("train/loss", "train/generator_loss", "train/discriminator_loss")
    progress_words = (
        ("train/generator_loss", "generator loss"),
        ("train/discriminator_loss", "discriminator loss"),
        ("eval/spectral_distance", "spectral distance"),
        ("eval/frechet", f"Frechet distance of {EVALUATED:,} samples"),
        ("eval/frechet_floor", "its floor, of pictures"),
    )

    def __init__(self, recipe: "Recipe", model: keras.Model, period: int, **options: Any) -> None:
        """See `Task`; the discriminator is the one of the generator's family."""
        super().__init__(recipe, model, period, **options)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        steps = recipe.adversarial.discriminator_steps
        if recipe.batch % (steps * replicas):
            raise InputError(
                f"batch={recipe.batch} does not divide by discriminator_steps={steps} times {replicas} replicas; "
                f"take a multiple of {steps * replicas}"
            )
        arguments = dict(recipe.model) | {"image_shape": tuple(model.output_shape[1:])}
        discriminator = build_discriminator(model.name, **arguments)
        self.add("discriminator", discriminator, recipe.adversarial.discriminator_learning_rate, steps)
        self._pictures: tf.Tensor | None = None
        self._features: FeatureFunction | None = None
        self._floor: float | None = None
        if recipe.adversarial.gradient_penalty:
            self.cycle = PENALTY_EVERY

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` where a generator does not make pictures of the source's size."""
        check_shape(model.name, "makes", tuple(model.output_shape[1:]), source)

    def prepare(self, source: "Source") -> str:
        """Load the features of the source's published classifier; return a note where there is none."""
        classifier = classifier_of(source, source.image_shape)
        if classifier is None:
            return f"no classifier of {source.name} is published, so that eval/frechet is left out"
        self._features = feature_function(classifier)
        return ""

    def step(self, batch: Batch) -> Scalars:
        """Train both networks on one replica's part of a batch."""
        turns = self.recipe.adversarial.discriminator_steps
        size = self.recipe.batch // turns
        loss_of_discriminator, loss_of_generator = LOSSES[self.recipe.loss]
        discriminator = self.networks["discriminator"]
        real = to_float(batch["image"])

        def logits(image: tf.Tensor) -> tf.Tensor:
            return tf.cast(discriminator(image, training=True), real.dtype)

        def discriminator_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            loss = global_mean(loss_of_discriminator(logits(real), logits(fake)), size)
            return loss + self._penalty(real, size, batch["step"]) if self.recipe.adversarial.gradient_penalty else loss

        def generator_loss(latents: tf.Tensor) -> tf.Tensor:
            return global_mean(loss_of_generator(logits(self.model(latents, training=True))), size)

        losses = []
        for turn in range(turns):
            # Take every n-th picture instead of a block, so that a turn sees the same pictures with any number of
            # replicas.
            latents = self._latents(Stream.GENERATOR_LATENTS, batch["position"][turn::turns], turn)
            fake = self.model(latents, training=True)
            losses.append(self.minimise("discriminator", discriminator_loss, real[turn::turns], fake))
        total = tf.add_n(losses) / turns
        latents = self._latents(Stream.GENERATOR_LATENTS, batch["position"][::turns], turns)
        generator = self.minimise("model", generator_loss, latents)
        return {
            "train/loss": total + generator,
            "train/generator_loss": generator,
            "train/discriminator_loss": total,
        }

    def _penalty(self, real: tf.Tensor, size: int, step: tf.Tensor) -> tf.Tensor:
        """Return half the mean squared gradient of the logits at real pictures: 16 times at every 16th step, else 0.

        Batch normalisation takes its moving statistics here, so that the gradient at one picture does not depend on the
        others.

        Reference:
            Mescheder et al. 2018, arXiv:1801.04406, equation 9; the rarer steps are those of Karras et al. 2020,
            arXiv:1912.04958, section 3.1
        """
        discriminator = self.networks["discriminator"]

        def penalty() -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(real)
                logits = tf.cast(discriminator(real, training=False), real.dtype)
            slopes = tf.reduce_sum(tf.square(tape.gradient(logits, real)), axis=(1, 2, 3))
            return global_mean(0.5 * self.recipe.adversarial.gradient_penalty * PENALTY_EVERY * slopes, size)

        return tf.cond(step % PENALTY_EVERY == 0, penalty, lambda: tf.zeros([], real.dtype))

    def refresh(self) -> None:
        """Bring the published generator up to date, with its own statistics of batch normalisation."""
        super().refresh()
        layers = [each for each in self.published.layers if isinstance(each, keras.layers.BatchNormalization)]
        momenta = [layer.momentum for layer in layers]
        try:
            for layer in layers:
                layer.momentum = 0.0
            self.published(self._fixed_latents(STANDING), training=True)
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum

    def evaluate(self, batch: Batch) -> Scalars:
        """Return nothing, because a single picture has no metric."""
        return {}

    def evaluate_set(self, validation: "Pictures | StreamedPictures") -> dict[str, float]:
        """Return how samples of fixed latents compare with the data."""
        samples = self._samples(self._fixed_latents(EVALUATED))
        if not bool(tf.reduce_all(tf.math.is_finite(samples))):
            return {"eval/spectral_distance": math.nan, "eval/frechet": math.nan}
        metrics = sample_metrics(self._data(validation), samples, self.period, self._features)
        if self._features and validation.count >= 2 * EVALUATED:
            metrics["frechet_floor"] = self._frechet_floor(validation, self._features)
        return {f"eval/{name}": value for name, value in metrics.items()}

    def rank(self, values: Mapping[str, float]) -> float:
        """Return the negative distance to the data."""
        return -values["eval/frechet" if "eval/frechet" in values else "eval/spectral_distance"]

    def failure(self, rows: Sequence[Mapping[str, float]], validation: "Pictures | StreamedPictures") -> str | None:
        """Return that the samples are all alike or that the discriminator is never wrong, or None."""
        self.refresh()
        ratio = float(diversity(self._data(validation), self._samples(self._fixed_latents(CHUNK))))
        if ratio < LEAST_DIVERSITY:
            return f"the generator has collapsed: its samples vary {ratio:.3f} times as much as the data"
        losses = [(row["step"], row["train/discriminator_loss"]) for row in rows if "train/discriminator_loss" in row]
        late = [(step, loss) for step, loss in losses if step > losses[-1][0] - LOST_STEPS]
        if losses and losses[-1][0] > LOST_STEPS and max(loss for _, loss in late) < LEAST_LOSS:
            return f"the discriminator has won: its loss has been below {LEAST_LOSS} for the last {LOST_STEPS} steps"
        return None

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return rows of samples of fixed latents, and rows of pictures between two of them."""
        latents = self._fixed_latents(SAMPLE_ROWS * COLUMNS)
        ways = [between(latents[2 * row], latents[2 * row + 1], COLUMNS) for row in range(BETWEEN_ROWS)]
        return picture_rows([self._samples(row) for row in (*tf.split(latents, SAMPLE_ROWS), *ways)])

    def _latents(self, stream: Stream, positions: tf.Tensor, turn: int = 0) -> tf.Tensor:
        """Return standard normal numbers `[n, latent]`, a function of seed, stream, turn and position."""
        key = stream_key(self.seed, stream, turn)
        return tf.cast(normals(key, positions, int(self.model.input_shape[1])), keras.config.floatx())

    def _fixed_latents(self, count: int) -> tf.Tensor:
        """Return the first `count` fixed latents, `[count, latent]`."""
        return self._latents(Stream.FIXED_LATENTS, tf.range(count, dtype=tf.int64))

    def _samples(self, latents: tf.Tensor) -> tf.Tensor:
        """Return the published generator's pictures for latents, in 0..1."""
        starts = range(0, len(latents), CHUNK)
        parts = [self.published(latents[start : start + CHUNK], training=False) for start in starts]
        return tf.cast(tf.concat(parts, 0), latents.dtype)

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """Return a plot of the mean radial spectrum of the samples, compared with the data's."""
        samples = self._samples(self._fixed_latents(EVALUATED))
        return {"spectrum": spectra(radial_spectrum(self._data(validation)), radial_spectrum(samples), self.period)}

    def _data(self, validation: "Pictures | StreamedPictures") -> tf.Tensor:
        """Return the validation pictures that samples are compared with, in 0..1."""
        if self._pictures is None:
            self._pictures = first_pictures(validation, EVALUATED)
        return self._pictures

    def _frechet_floor(self, validation: "Pictures | StreamedPictures", features: FeatureFunction) -> float:
        """Return the Frechet distance between those pictures and the same number of others."""
        if self._floor is None:
            pictures = first_pictures(validation, 2 * EVALUATED).numpy()
            self._floor = frechet_distance(*(features_of(features, part) for part in np.split(pictures, 2)))
        return self._floor
