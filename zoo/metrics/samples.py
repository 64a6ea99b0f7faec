"""Compare a set of samples with the data as sets, without targets for single pictures."""

import tensorflow as tf

from zoo.metrics.checkerboard import excess_spectral_energy_of_samples
from zoo.metrics.frechet import frechet_distance
from zoo.metrics.picture_sets import FeatureFunction, features_of
from zoo.metrics.spectrum import power_spectrum

_FLOOR = 1e-6


def sample_metrics(
    data: tf.Tensor, samples: tf.Tensor, period: int, features: FeatureFunction | None = None
) -> dict[str, float]:
    """Return `checkerboard`, `diversity` and `spectral_distance` of samples, and `frechet` if features are given.

    Args:
        data: `[pictures, height, width, channels]` in 0..1.
        samples: `[samples, height, width, channels]` in 0..1.
        period: total factor of the generator's up-samplers, which is the period of their checkerboard.
        features: maps pictures `[b, height, width, channels]` to features, such as the function that
            `zoo.pretrained.feature_functions.feature_function` returns.

    Returns:
        Values by the names of `zoo.metric_catalogue`: `checkerboard` and `diversity` are ratios, `spectral_distance`
        is in dB, `frechet` at least 0.

    Raises:
        ValueError: `period` is less than 2, the pictures are smaller than it, or features cannot be compared.
    """
    metrics = {
        "checkerboard": float(excess_spectral_energy_of_samples(data, samples, period)),
        "diversity": float(diversity(data, samples)),
        "spectral_distance": float(spectral_distance(data, samples)),
    }
    if features:
        metrics["frechet"] = frechet_distance(*(features_of(features, each.numpy()) for each in (data, samples)))
    return metrics


def diversity(data: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
    """Return how much samples differ from each other, relative to how much pictures of the data do.

    Args:
        data: `[pictures, height, width, channels]`.
        samples: `[samples, height, width, channels]`.

    Returns:
        A scalar, the ratio of the two sets' standard deviations, each the root of the mean variance over pixels: 0 if
        all samples are the same picture, about 1 if they vary as the data do.
    """
    spread = [tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(each, axis=0))) for each in (samples, data)]
    return spread[0] / tf.maximum(spread[1], _FLOOR)


def spectral_distance(data: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
    """Return the root mean square difference of the two sets' mean power spectra, in dB.

    Bins with less than a millionth of the data's mean power are raised to that value.

    Args:
        data: `[pictures, height, width, channels]`.
        samples: `[samples, height, width, channels]`.

    Returns:
        A scalar of at least 0.
    """
    real, made = (tf.reduce_mean(power_spectrum(each), axis=0) for each in (data, samples))
    floor = _FLOOR * tf.reduce_mean(real)
    ratio = tf.math.log(tf.maximum(made, floor) / tf.maximum(real, floor)) / tf.math.log(tf.cast(10.0, real.dtype))
    return tf.sqrt(tf.reduce_mean(tf.square(10.0 * ratio)))
