"""Train an encoder and a decoder by a lower bound of the likelihood of binary pictures."""

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from training.data.random_streams import Stream, normals, stream_key
from training.reporting.plots import spectra
from training.tasks.losses import global_mean
from training.tasks.pictures import first_pictures, picture_rows, to_float
from training.tasks.quality import check_pictures, measure_quality
from training.tasks.task import Batch, Scalars, Task
from training.tasks.variational.likelihood import binarised, divergence, log_likelihood
from zoo.metrics import radial_spectrum

if TYPE_CHECKING:
    from training.data import Pictures, Source, StreamedPictures
    from training.recipes import Recipe

TEST_SEED = 0
SAMPLE_ROWS, EVALUATED, PARTS = 3, 1024, 8


class _Bound:
    """Compute the two parts of the evidence lower bound for binary pictures and standard normal noise."""

    def __init__(self, model: keras.Model) -> None:
        decoder = model.get_layer("decoder")
        self._encoder = model.get_layer("encoder")
        # Logits, because the logarithm of a probability that was rounded to 0 or 1 has no gradient.
        self._logits = keras.Model(decoder.inputs, decoder.get_layer("logits").output)

    def __call__(self, image: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        mean, log_variance = (tf.cast(each, image.dtype) for each in self._encoder(image, training=training))
        latent = mean + tf.exp(0.5 * log_variance) * noise
        logits = tf.cast(self._logits(latent, training=training), image.dtype)
        return log_likelihood(image, logits), divergence(mean, log_variance)


class Variational(Task):
    """Train by the negative evidence lower bound, with the divergence in closed form and one draw of the latent."""

    losses = ("bernoulli",)
    score = "eval/elbo"
    progress_words = (("train/loss", "loss"), ("eval/elbo", "validation ELBO"))

    @classmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` where a model does not take the source's pictures, or they are too small to measure."""
        check_pictures(model, source)

    def __init__(self, recipe: "Recipe", model: keras.Model, period: int, **options: Any) -> None:
        """See `Task`."""
        super().__init__(recipe, model, period, **options)
        self._trained, self._evaluated = _Bound(self.model), _Bound(self.published)

    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch; pictures are binarised again at every step."""
        image = binarised(to_float(batch["image"]), self.seed, batch["position"])
        noise = self._noise(self.seed, batch["position"])

        def loss(image: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
            likelihood, cost = self._trained(image, noise, training=True)
            return global_mean(self.recipe.variational.kl_weight * cost - likelihood, self.recipe.batch)

        return {"train/loss": self.minimise("model", loss, image, noise)}

    def evaluate(self, batch: Batch) -> Scalars:
        """Return the bound and its divergence for binary pictures, and the reconstruction quality for grey ones."""
        image = to_float(batch["image"])
        binary = binarised(image, TEST_SEED, batch["position"])
        noise = self._noise(TEST_SEED, batch["position"])
        likelihood, cost = self._evaluated(binary, noise, training=False)
        output = tf.cast(self.published(image, training=False), image.dtype)
        return {
            "eval/elbo": likelihood - cost,
            "eval/divergence": cost,
            **{f"eval/{name}": value for name, value in measure_quality(image, output, self.period).items()},
        }

    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return rows of inputs, outputs, pictures between the first and last input, and samples of fixed latents."""
        image = to_float(batch["image"])
        encoder, decoder = self.published.get_layer("encoder"), self.published.get_layer("decoder")
        means = encoder(image, training=False)[0]
        columns = int(image.shape[0])
        way = tf.linspace(tf.zeros([], means.dtype), tf.ones([], means.dtype), columns)[:, None]
        between = (1.0 - way) * means[:1] + way * means[-1:]
        rows = tf.split(self._fixed_latents(SAMPLE_ROWS * columns), SAMPLE_ROWS)
        made = [decoder(code, training=False) for code in (means, between, *rows)]
        return picture_rows([image, *(tf.cast(each, image.dtype) for each in made)])

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """Return a plot of the mean radial spectrum of samples of fixed latents, compared with the data's."""
        data = first_pictures(validation, EVALUATED)
        decoder = self.published.get_layer("decoder")
        samples = tf.concat(
            [decoder(part, training=False) for part in tf.split(self._fixed_latents(EVALUATED), PARTS)], 0
        )
        return {"spectrum": spectra(radial_spectrum(data), radial_spectrum(samples), self.period)}

    def _fixed_latents(self, count: int) -> tf.Tensor:
        """Return the first `count` fixed latents, `[count, latent]`."""
        decoder = self.published.get_layer("decoder")
        positions = tf.range(count, dtype=tf.int64)
        drawn = normals(stream_key(TEST_SEED, Stream.PRIOR_SAMPLES), positions, int(decoder.input_shape[1]))
        return tf.cast(drawn, keras.config.floatx())

    def _noise(self, seed: int, positions: tf.Tensor) -> tf.Tensor:
        """Return standard normal numbers `[batch, latent]`."""
        latent = int(self.model.get_layer("decoder").input_shape[1])
        return tf.cast(normals(stream_key(seed, Stream.POSTERIOR_NOISE), positions, latent), keras.config.floatx())
