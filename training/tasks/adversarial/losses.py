"""Losses of a generator and its discriminator, one value per picture, from the discriminator's logits `[batch, 1]`."""

from collections.abc import Callable

import tensorflow as tf


def non_saturating_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Return the cross-entropy of real pictures as real and of samples as samples (Goodfellow et al. 2014)."""
    return tf.nn.softplus(-real) + tf.nn.softplus(fake)


def non_saturating_generator(fake: tf.Tensor) -> tf.Tensor:
    """Return the cross-entropy of samples as real pictures (Goodfellow et al. 2014)."""
    return tf.nn.softplus(-fake)


def hinge_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Return a loss that is 0 where real pictures are above 1 and samples below -1 (Miyato et al. 2018, eq. 16)."""
    return tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake)


def hinge_generator(fake: tf.Tensor) -> tf.Tensor:
    """Return the negative logits of samples (Miyato et al. 2018, equation 17)."""
    return -fake


LOSSES: dict[str, tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]] = {
    "non_saturating": (non_saturating_discriminator, non_saturating_generator),
    "hinge": (hinge_discriminator, hinge_generator),
}
"""The losses of the discriminator and of the generator, by name."""
