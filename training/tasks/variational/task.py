"""Variational: an encoder and a decoder that bound the likelihood of binary pictures from below."""

import math
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from training.data.random_streams import normals, stream_key, uniforms
from training.reporting.plots import spectra
from training.tasks.reconstruction.task import Reconstruction, measures
from training.tasks.task import Batch, Scalars, Task, first_pictures, global_mean, grid, to_float
from zoo.metrics import radial_spectrum

if TYPE_CHECKING:
    from training.data import Pictures, Source, StreamedPictures
    from training.recipes import Recipe

# Names of independent streams of draws, beside the pipeline's own.
BINARISED, LATENTS, SAMPLES = 11, 12, 13
TEST_SEED = 0
SAMPLE_ROWS, EVALUATED, PARTS = 3, 1024, 8


def binarised(image: tf.Tensor, seed: int, positions: tf.Tensor) -> tf.Tensor:
    """Bernoulli draws whose means are the values of pictures, a function of the seed and each picture's position.

    Args:
        image: `[batch, height, width, channels]` in 0..1.
        seed: names the draws.
        positions: int64 `[batch]`.

    Returns:
        0 or 1, in the shape and type of `image`.
    """
    thresholds = uniforms(stream_key(seed, BINARISED), positions, math.prod(image.shape[1:]))
    thresholds = tf.reshape(tf.cast(thresholds, image.dtype), tf.shape(image))
    return tf.cast(thresholds < image, image.dtype)


def divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Kullback-Leibler divergence of each diagonal Gaussian from the standard normal, in nats.

    Args:
        mean: `[batch, latent]`.
        log_variance: `[batch, latent]`.

    Returns:
        `[batch]`.

    Reference:
        Kingma and Welling, 2014, appendix B, https://arxiv.org/abs/1312.6114
    """
    return 0.5 * tf.reduce_sum(tf.exp(log_variance) + tf.square(mean) - 1.0 - log_variance, axis=-1)


def log_likelihood(target: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Logarithm of the probability of each binary picture under independent Bernoulli values, in nats.

    Args:
        target: `[batch, height, width, channels]`, 0 or 1.
        logits: the same shape.

    Returns:
        `[batch]`.
    """
    return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, logits), axis=(1, 2, 3))


class _Bound:
    """The two parts of the bound for binary pictures and standard normal numbers."""

    def __init__(self, model: keras.Model) -> None:
        decoder = model.get_layer("decoder")
        self._encoder = model.get_layer("encoder")
        # The logarithm of a probability that was rounded to 0 or 1 has no gradient.
        self._logits = keras.Model(decoder.inputs, decoder.get_layer("logits").output)

    def __call__(self, image: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        mean, log_variance = (tf.cast(each, image.dtype) for each in self._encoder(image, training=training))
        latent = mean + tf.exp(0.5 * log_variance) * noise
        logits = tf.cast(self._logits(latent, training=training), image.dtype)
        return log_likelihood(image, logits), divergence(mean, log_variance)


class Variational(Task):
    """The negative evidence lower bound, with the divergence in closed form and one draw of the latent."""

    losses = ("bernoulli",)
    score = "eval/elbo"
    progress_words = (("train/loss", "loss"), ("eval/elbo", "validation ELBO"))

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise InputError where a model does not take the source's pictures, or they are too small to be measured."""
        Reconstruction.check(model, source)

    def __init__(self, recipe: "Recipe", model: keras.Model, period: int, **options: Any) -> None:
        """See `Task`."""
        super().__init__(recipe, model, period, **options)
        self._trained, self._evaluated = _Bound(self.model), _Bound(self.published)

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch; pictures are binarised anew whenever they are seen."""
        image = binarised(to_float(batch["image"]), self.seed, batch["position"])
        noise = self._noise(self.seed, batch["position"])

        def loss(image: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
            likelihood, cost = self._trained(image, noise, training=True)
            return global_mean(self.recipe.kl_weight * cost - likelihood, self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, image, noise)}

    def evaluate(self, batch: Batch) -> Scalars:
        """The bound and its two parts for binary pictures, and how well grey ones are given back."""
        image = to_float(batch["image"])
        binary = binarised(image, TEST_SEED, batch["position"])
        noise = self._noise(TEST_SEED, batch["position"])
        likelihood, cost = self._evaluated(binary, noise, training=False)
        output = tf.cast(self.published(image, training=False), image.dtype)
        return {
            "eval/elbo": likelihood - cost,
            "eval/divergence": cost,
            **{f"eval/{name}": value for name, value in measures(image, output, self.period).items()},
        }

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Input, output, pictures between the first and the last input, and rows of samples, always the same."""
        image = to_float(batch["image"])
        encoder, decoder = self.published.get_layer("encoder"), self.published.get_layer("decoder")
        means = encoder(image, training=False)[0]
        columns = int(image.shape[0])
        way = tf.linspace(tf.zeros([], means.dtype), tf.ones([], means.dtype), columns)[:, None]
        between = (1.0 - way) * means[:1] + way * means[-1:]
        rows = tf.split(self._drawn(SAMPLE_ROWS * columns), SAMPLE_ROWS)
        made = [decoder(code, training=False) for code in (means, between, *rows)]
        return grid([image, *(tf.cast(each, image.dtype) for each in made)])

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """The mean radial spectrum of samples, always of the same latents, beside the data's."""
        data = first_pictures(validation, EVALUATED)
        decoder = self.published.get_layer("decoder")
        samples = tf.concat([decoder(part, training=False) for part in tf.split(self._drawn(EVALUATED), PARTS)], 0)
        return {"spectrum": spectra(radial_spectrum(data), radial_spectrum(samples), self.period)}

    def _drawn(self, count: int) -> tf.Tensor:
        """The first latents of those that never change, `[count, latent]`."""
        decoder = self.published.get_layer("decoder")
        positions = tf.range(count, dtype=tf.int64)
        drawn = normals(stream_key(TEST_SEED, SAMPLES), positions, int(decoder.input_shape[1]))
        return tf.cast(drawn, keras.config.floatx())

    def _noise(self, seed: int, positions: tf.Tensor) -> tf.Tensor:
        """Standard normal numbers `[batch, latent]`."""
        latent = int(self.model.get_layer("decoder").input_shape[1])
        return tf.cast(normals(stream_key(seed, LATENTS), positions, latent), keras.config.floatx())
