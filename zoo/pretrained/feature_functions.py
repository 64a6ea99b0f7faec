"""Load functions that compute features of pictures, for the distances of `zoo.metrics`."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zoo.models import families
from zoo.names import PublishedName, remedy
from zoo.pretrained.load import card, load_pretrained, published_names
from zoo.registry import UnknownNameError
from zoo.system import hosts

if TYPE_CHECKING:
    import keras

    from zoo.metrics.picture_sets import FeatureFunction

INCEPTION = "inception"
_INCEPTION_SIZE = 299
_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
_INCEPTION_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{_INCEPTION_FILE}"
_INCEPTION_MD5 = "bcbd6486424b2319ff4ef7d526e38f63"


class FeaturesUnavailableError(ValueError):
    """Report weights that are not on this machine and cannot be downloaded."""


def feature_names() -> list[str]:
    """Return the names that `feature_function` takes: the published classifiers and `inception`."""
    return [*_classifiers(), INCEPTION]


def feature_function(name: str = "features") -> "FeatureFunction":
    """Return the function of that name, which maps pictures `[b, h, w, c]` to features `[b, d]`.

    Pictures are uint8, or floats in 0..1. A published classifier takes pictures of its own height, width and channels
    and returns the input of its last layer. `inception` takes any pictures: it resizes them to 299x299, turns grey into
    colour, and d is 2048. Its weights are Keras's, not those that published Frechet distances were measured with, so
    compare its values only with each other.

    Raises:
        UnknownNameError: there is no such function.
        VerificationError: a published file differs from the index.
        FeaturesUnavailableError: the weights of `inception` are not here and cannot be downloaded.
    """
    _check(name, "feature function", feature_names())
    if name == INCEPTION:
        return inception_features(_inception_weights())
    return _published(name, "features")


def class_probabilities(name: str = "features") -> "FeatureFunction":
    """Return the published classifier of that name, which maps pictures `[b, h, w, c]` to probabilities `[b, classes]`.

    Raises:
        UnknownNameError: there is no such classifier.
        VerificationError: a published file differs from the index.
    """
    _check(name, "published classifier", _classifiers())
    return _published(name, "probabilities")


def inception_features(weights: str | None) -> "FeatureFunction":
    """Return a function that computes features of Inception v3 (Szegedy et al. 2016, arXiv:1512.00567).

    Args:
        weights: a file of weights for Keras's InceptionV3 without its top; None for random weights.

    Returns:
        A function from pictures `[b, h, w, 1 or 3]`, uint8 or floats in 0..1, to features `[b, 2048]`.
    """
    import keras

    network = keras.applications.InceptionV3(include_top=False, weights=weights, pooling="avg")
    return partial(_inception_features, network)


def _classifiers() -> list[str]:
    """Return the names of the published classifiers."""
    classifying = [name for name, family in families().items() if family.facts.classifies]
    return [name for name in published_names() if PublishedName.parse(name).model in classifying]


def _check(name: str, kind: str, names: list[str]) -> None:
    if name not in names:
        raise UnknownNameError(f"there is no {kind} {name!r}{remedy(name, names)}")


def _published(name: str, output: str) -> "FeatureFunction":
    """Return the function that computes an output of a published classifier."""
    model = load_pretrained(name)
    return partial(_published_output, model, output, name, tuple(card(name)["input"]["shape"][1:]))


def _published_output(
    model: Any, output: str, name: str, shape: tuple[int, int, int], pictures: npt.NDArray[np.generic]
) -> npt.NDArray[np.floating]:
    if pictures.ndim != 4 or pictures.shape[1:] != shape:
        raise ValueError(
            f"{name} takes pictures [b, {', '.join(map(str, shape))}], not {list(pictures.shape)}; take the feature "
            "function of their own source, or inception"
        )
    return model.serve(image=_unit(pictures))[output].numpy()


def _inception_features(network: "keras.Model", pictures: npt.NDArray[np.generic]) -> npt.NDArray[np.floating]:
    import tensorflow as tf

    images = tf.image.resize(_unit(pictures), (_INCEPTION_SIZE, _INCEPTION_SIZE), antialias=True)
    if images.shape[-1] == 1:
        images = tf.repeat(images, 3, -1)
    return network(images * 2.0 - 1.0, training=False).numpy()


def _unit(pictures: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Return pictures as float32 in 0..1."""
    return pictures.astype(np.float32) / np.float32(255.0 if pictures.dtype == np.uint8 else 1.0)


def _inception_weights() -> str:
    """Return the path of Keras's weights, which are downloaded into its cache if they are not there.

    Raises:
        FeaturesUnavailableError: the download host does not answer, or the download fails.
    """
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    remedy = f"get {_INCEPTION_URL} and put it into {cache}"
    if not (cache / _INCEPTION_FILE).is_file() and not hosts.answers(_INCEPTION_URL):
        raise FeaturesUnavailableError(
            f"the weights of {INCEPTION} are not here and {hosts.host_of(_INCEPTION_URL)} did not answer within "
            f"{hosts.PATIENCE:.0f} s; {remedy}"
        )
    import keras

    try:
        return keras.utils.get_file(_INCEPTION_FILE, _INCEPTION_URL, cache_subdir="models", file_hash=_INCEPTION_MD5)
    # Keras raises a bare Exception if a download fails.
    except Exception as error:
        raise FeaturesUnavailableError(f"the weights of {INCEPTION} cannot be had: {error}; {remedy}") from error
