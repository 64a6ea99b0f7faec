"""What a set of samples has in common with the data, without looking at single pictures."""

import tensorflow as tf

from zoo.metrics.checkerboard import excess_spectral_energy_of_samples
from zoo.metrics.frechet import frechet_distance
from zoo.metrics.picture_sets import FeatureFunction, features_of

_FLOOR = 1e-6


def sample_metrics(
    data: tf.Tensor, samples: tf.Tensor, period: int, features: FeatureFunction | None = None
) -> dict[str, float]:
    """`checkerboard`, `diversity` and `spectral_distance` of samples, and `frechet` where features are given.

    Args:
        data: `[pictures, height, width, channels]` in 0..1.
        samples: `[samples, height, width, channels]`.
        period: total factor of the generator's up-samplers, the period of their checkerboard.
        features: of pictures `[b, height, width, channels]`, such as `zoo.pretrained.feature_function` gives.
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
    """How much samples differ from each other, beside how much the data do.

    Args:
        data: `[pictures, height, width, channels]`.
        samples: `[samples, height, width, channels]`.

    Returns:
        The ratio of standard deviations over a set, as root of their mean square over pixels: 0 where all samples are
        one picture, about 1 where they vary as the data do.
    """
    spread = [tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(each, axis=0))) for each in (samples, data)]
    return spread[0] / tf.maximum(spread[1], _FLOOR)


def spectral_distance(data: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
    """Root mean square difference of the two sets' mean power spectra, in dB.

    Bins with less than a millionth of the data's mean power count as if they had that much.

    Args:
        data: `[pictures, height, width, channels]`.
        samples: `[samples, height, width, channels]`.
    """
    real, made = (tf.reduce_mean(_power(each), axis=0) for each in (data, samples))
    floor = _FLOOR * tf.reduce_mean(real)
    ratio = tf.math.log(tf.maximum(made, floor) / tf.maximum(real, floor)) / tf.math.log(tf.cast(10.0, real.dtype))
    return tf.sqrt(tf.reduce_mean(tf.square(10.0 * ratio)))


def _power(pictures: tf.Tensor) -> tf.Tensor:
    complex_type = tf.complex128 if pictures.dtype == tf.float64 else tf.complex64
    return tf.square(tf.abs(tf.signal.fft2d(tf.cast(tf.transpose(pictures, (0, 3, 1, 2)), complex_type))))
