"""Adversarial: a generator and a discriminator that learn from each other."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from training.data.random_streams import normals, stream_key
from training.errors import InputError
from training.reporting.plots import spectra
from training.tasks.samples import classifier_of
from training.tasks.task import Batch, Scalars, Task, first_pictures, global_mean, grid, to_float
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

# Names of independent streams of draws, beside the pipeline's own.
LATENTS, FIXED = 21, 22
EVALUATED, STANDING, CHUNK = 1024, 512, 256
SAMPLE_ROWS, BETWEEN_ROWS, COLUMNS = 6, 2, 10
PENALTY_EVERY = 16
# A generator is given up whose samples vary so much less than the data, or a discriminator that has had a loss so
# small for so many steps: no gradient is left to learn from.
LEAST_DIVERSITY, LEAST_LOSS, LOST_STEPS = 0.02, 0.01, 1000


def non_saturating_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of real pictures as real and of samples as samples, from logits (Goodfellow et al. 2014)."""
    return tf.nn.softplus(-real) + tf.nn.softplus(fake)


def non_saturating_generator(fake: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of samples as real pictures, from logits."""
    return tf.nn.softplus(-fake)


def hinge_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Real pictures above 1, samples below -1 (Miyato et al. 2018, equation 16)."""
    return tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake)


def hinge_generator(fake: tf.Tensor) -> tf.Tensor:
    """Samples as high as can be (Miyato et al. 2018, equation 17)."""
    return -fake


LOSSES: dict[str, tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]] = {
    "non_saturating": (non_saturating_discriminator, non_saturating_generator),
    "hinge": (hinge_discriminator, hinge_generator),
}


def between(first: tf.Tensor, last: tf.Tensor, count: int) -> tf.Tensor:
    """Latents on the great circle from one to the other, `[count, latent]`, whose length stays likely (White 2016)."""
    cosine = tf.reduce_sum(first * last) / (tf.norm(first) * tf.norm(last))
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    way = tf.linspace(tf.zeros_like(angle), tf.ones_like(angle), count)[:, None]
    return (tf.sin((1.0 - way) * angle) * first + tf.sin(way * angle) * last) / tf.sin(angle)


class Adversarial(Task):
    """Updates of the discriminator, then one of the generator, in one step.

    The generator that is evaluated and exported has statistics of batch normalisation of its own: those of a fixed set
    of latents under its own weights, and not moving averages of other weights' statistics (Brock et al. 2019,
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
        if recipe.batch % (recipe.discriminator_steps * replicas):
            raise InputError(
                f"batch={recipe.batch} does not divide by discriminator_steps={recipe.discriminator_steps} times "
                f"{replicas} replicas; take a multiple of {recipe.discriminator_steps * replicas}"
            )
        arguments = dict(recipe.model) | {"image_shape": tuple(model.output_shape[1:])}
        discriminator = build_discriminator(model.name, **arguments)
        self.add("discriminator", discriminator, recipe.discriminator_learning_rate, recipe.discriminator_steps)
        self._pictures: tf.Tensor | None = None
        self._features: FeatureFunction | None = None
        self._floor: float | None = None
        if recipe.gradient_penalty:
            self.cycle = PENALTY_EVERY

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise InputError where a generator does not make pictures of the source's size."""
        shape = tuple(model.output_shape[1:])
        if shape != tuple(source.image_shape):
            raise InputError(
                f"{model.name} makes pictures of {'x'.join(map(str, shape))}, {source.name} has "
                f"{'x'.join(map(str, source.image_shape))}; leave model.image_shape to the source, or set image_size"
            )

    def prepare(self, source: "Source") -> str:
        """Get the features of the source's published classifier; says so where there is none."""
        classifier = classifier_of(source, source.image_shape)
        if classifier is None:
            return f"no classifier of {source.name} is published, so that eval/frechet is left out"
        self._features = feature_function(classifier)
        return ""

    def step(self, batch: Batch) -> Scalars:
        """Train both networks on one replica's part of a batch."""
        turns = self.recipe.discriminator_steps
        size = self.recipe.batch // turns
        of_discriminator, of_generator = LOSSES[self.recipe.loss]
        discriminator = self.networks["discriminator"]
        real = to_float(batch["image"])

        def judged(image: tf.Tensor) -> tf.Tensor:
            return tf.cast(discriminator(image, training=True), real.dtype)

        def discriminator_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            loss = global_mean(of_discriminator(judged(real), judged(fake)), size)
            return loss + self._penalty(real, size, batch["step"]) if self.recipe.gradient_penalty else loss

        def generator_loss(latents: tf.Tensor) -> tf.Tensor:
            return global_mean(of_generator(judged(self.model(latents, training=True))), size)

        losses = []
        for turn in range(turns):
            # Every so many, and not in blocks, so that a turn's pictures do not depend on the number of replicas.
            fake = self.model(self._latents(LATENTS, batch["position"][turn::turns], turn), training=True)
            losses.append(self.minimise("discriminator", discriminator_loss, real[turn::turns], fake))
        total = tf.add_n(losses) / turns
        own = self.minimise("model", generator_loss, self._latents(LATENTS, batch["position"][::turns], turns))
        return {
            "train/loss": total + own,
            "train/generator_loss": own,
            "train/discriminator_loss": total,
        }

    def _penalty(self, real: tf.Tensor, size: int, step: tf.Tensor) -> tf.Tensor:
        """Half the mean squared gradient of the logits of real pictures, at every 16th step and then 16 times.

        Normalisation takes its moving statistics here, so that a picture's gradient is its own.

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
            return global_mean(0.5 * self.recipe.gradient_penalty * PENALTY_EVERY * slopes, size)

        return tf.cond(step % PENALTY_EVERY == 0, penalty, lambda: tf.zeros([], real.dtype))

    def refresh(self) -> None:
        """Bring the published generator up to date, with statistics of its own."""
        super().refresh()
        layers = [each for each in self.published.layers if isinstance(each, keras.layers.BatchNormalization)]
        momenta = [layer.momentum for layer in layers]
        try:
            for layer in layers:
                layer.momentum = 0.0
            self.published(self._fixed(STANDING), training=True)
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum

    def evaluate(self, batch: Batch) -> Scalars:
        """No metric of a single picture."""
        return {}

    def evaluate_set(self, validation: "Pictures | StreamedPictures") -> dict[str, float]:
        """How samples of latents that never change compare with the data."""
        samples = self._samples(self._fixed(EVALUATED))
        if not bool(tf.reduce_all(tf.math.is_finite(samples))):
            return {"eval/spectral_distance": math.nan, "eval/frechet": math.nan}
        metrics = sample_metrics(self._data(validation), samples, self.period, self._features)
        if self._features and validation.count >= 2 * EVALUATED:
            metrics["frechet_floor"] = self._frechet_floor(validation, self._features)
        return {f"eval/{name}": value for name, value in metrics.items()}

    def merit(self, values: Mapping[str, float]) -> float:
        """The nearer to the data, the better."""
        return -values["eval/frechet" if "eval/frechet" in values else "eval/spectral_distance"]

    def ailment(self, rows: Sequence[Mapping[str, float]], validation: "Pictures | StreamedPictures") -> str | None:
        """A generator whose samples are all the same, or a discriminator that is never wrong."""
        self.refresh()
        ratio = float(diversity(self._data(validation), self._samples(self._fixed(CHUNK))))
        if ratio < LEAST_DIVERSITY:
            return f"the generator has collapsed: its samples vary {ratio:.3f} times as much as the data"
        losses = [(row["step"], row["train/discriminator_loss"]) for row in rows if "train/discriminator_loss" in row]
        late = [(step, loss) for step, loss in losses if step > losses[-1][0] - LOST_STEPS]
        if losses and losses[-1][0] > LOST_STEPS and max(loss for _, loss in late) < LEAST_LOSS:
            return f"the discriminator has won: its loss has been below {LEAST_LOSS} for the last {LOST_STEPS} steps"
        return None

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Rows of samples, always of the same latents, and rows of pictures between two of them."""
        latents = self._fixed(SAMPLE_ROWS * COLUMNS)
        ways = [between(latents[2 * row], latents[2 * row + 1], COLUMNS) for row in range(BETWEEN_ROWS)]
        return grid([self._samples(row) for row in (*tf.split(latents, SAMPLE_ROWS), *ways)])

    def _latents(self, stream: int, positions: tf.Tensor, turn: int = 0) -> tf.Tensor:
        """Standard normal numbers `[n, latent]`, a function of seed, stream, turn and position."""
        key = stream_key(self.seed, stream, turn)
        return tf.cast(normals(key, positions, int(self.model.input_shape[1])), keras.config.floatx())

    def _fixed(self, count: int) -> tf.Tensor:
        """The first latents of those that never change."""
        return self._latents(FIXED, tf.range(count, dtype=tf.int64))

    def _samples(self, latents: tf.Tensor) -> tf.Tensor:
        """What the published generator makes of latents, in 0..1."""
        starts = range(0, len(latents), CHUNK)
        parts = [self.published(latents[start : start + CHUNK], training=False) for start in starts]
        return tf.cast(tf.concat(parts, 0), latents.dtype)

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """The mean radial spectrum of the samples beside the data's."""
        samples = self._samples(self._fixed(EVALUATED))
        return {"spectrum": spectra(radial_spectrum(self._data(validation)), radial_spectrum(samples), self.period)}

    def _data(self, validation: "Pictures | StreamedPictures") -> tf.Tensor:
        """The first pictures that all is evaluated on, in 0..1."""
        if self._pictures is None:
            self._pictures = first_pictures(validation, EVALUATED)
        return self._pictures

    def _frechet_floor(self, validation: "Pictures | StreamedPictures", features: FeatureFunction) -> float:
        """The distance of the pictures that all is evaluated on to as many others."""
        if self._floor is None:
            pictures = first_pictures(validation, 2 * EVALUATED).numpy()
            self._floor = frechet_distance(*(features_of(features, part) for part in np.split(pictures, 2)))
        return self._floor
