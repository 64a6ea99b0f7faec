"""Check the classifier's network, and the functions that compute features of pictures."""

import time

import keras
import numpy as np
import pytest

import zoo
from zoo.metrics import compare_sets, features_of
from zoo.pretrained.feature_functions import (
    FeaturesUnavailableError,
    class_probabilities,
    feature_function,
    feature_names,
    inception_features,
)
from zoo.registry import UnknownNameError
from zoo.system import hosts

CLASSIFIERS = [name for name in zoo.list_models("features*", pretrained=True)]


def test_logits_are_a_dense_layer_on_the_features():
    model = zoo.create_model("features", filters=4)
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    features = model.get_layer("encoder")(images).numpy()
    kernel, bias = model.get_layer("logits").get_weights()
    assert features.shape == (3, 16)
    assert features.min() >= 0
    np.testing.assert_allclose(model(images), features @ kernel + bias, atol=1e-5)


def test_sizes_and_classes_come_in_as_arguments():
    model = zoo.create_model("features", image_shape=(33, 20, 3), classes=7, filters=2, blocks=3)
    assert model.output_shape == (None, 7)
    assert model.get_layer("encoder").get_layer("block3").output.shape == (None, 9, 5, 8)
    assert zoo.create_model("features").count_params() < 500_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (3, 28, 1)}, r"\(3, 28, 1\).*at least 4"),
        ({"classes": 1}, "classes 1 must be at least 2"),
        ({"filters": 0}, "filters 0"),
        ({"blocks": -1}, "blocks -1"),
    ],
)
def test_sizes_that_cannot_be_built_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.create_model("features", **arguments)


def test_it_is_a_plain_functional_model_that_saves_and_loads(tmp_path):
    model = zoo.create_model("features", filters=3)
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(images), model(images))


def test_unknown_functions_come_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'inceptoin' \(did you mean inception\?\); choose from .*inception"):
        feature_function("inceptoin")
    with pytest.raises(UnknownNameError, match="no feature function 'ae_subpixel'"):
        feature_function("ae_subpixel")
    assert feature_names() == [*CLASSIFIERS, "inception"]
    for name in ("ae_subpixel", "inception"):
        with pytest.raises(UnknownNameError, match=f"no published classifier '{name}'; choose from features, "):
            class_probabilities(name)


def test_a_published_classifier_gives_its_probabilities():
    probabilities = class_probabilities("features")(np.random.default_rng(0).random((3, 28, 28, 1)))
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_published_classifier_gives_its_encoders_features(name):
    function, model = feature_function(name), zoo.create_model(name, pretrained=True)
    pictures = np.random.default_rng(0).integers(0, 256, (12, *model.input_shape[1:]), np.uint8)
    features = features_of(function, pictures, batch=5)
    assert features.shape == (12, 128)
    np.testing.assert_allclose(features, model.get_layer("encoder")(pictures / np.float32(255)), atol=1e-4)
    np.testing.assert_allclose(function(pictures / 255.0), features, atol=1e-4)
    assert compare_sets(features, features)["frechet"] < 1e-6
    assert compare_sets(features, features)["precision"] == 1.0
    with pytest.raises(ValueError, match=rf"{name} takes pictures \[b, .*not \[12, 5, 5, 1\]"):
        function(pictures[:, :5, :5, :1])


def test_inception_without_a_network_says_so_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(hosts, "_request", lambda *_: False)
    started = time.monotonic()
    with pytest.raises(
        FeaturesUnavailableError, match=r"storage\.googleapis\.com did not answer .* put it into"
    ) as said:
        feature_function("inception")
    assert time.monotonic() - started < 5
    assert "\n" not in str(said.value)
    assert list(tmp_path.iterdir()) == []


def test_inception_whose_download_fails_says_so(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(hosts, "_request", lambda *_: True)
    monkeypatch.setattr(keras.utils, "get_file", fail)
    with pytest.raises(FeaturesUnavailableError, match="cannot be had: URL fetch failure; get https"):
        feature_function("inception")


def test_inception_sees_pictures_as_its_own_preprocessing_makes_them(monkeypatch):
    seen = []

    class Network:
        def __call__(self, images, training):
            assert training is False
            seen.append(images.numpy())
            return images[:, 0, 0]

    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **_: Network())
    pictures = np.random.default_rng(0).integers(0, 256, (2, 299, 299, 3), np.uint8)
    inception_features(None)(pictures)
    expected = keras.applications.inception_v3.preprocess_input(pictures.astype(np.float32))
    np.testing.assert_allclose(seen[0], expected, atol=1e-5)
    inception_features(None)(np.full((1, 28, 28, 1), 0.25))
    assert seen[1].shape == (1, 299, 299, 3)
    np.testing.assert_allclose(seen[1], -0.5, atol=1e-5)


def test_inception_gives_2048_numbers():
    function = inception_features(None)
    features = function(np.random.default_rng(0).random((1, 28, 28, 1)))
    assert features.shape == (1, 2048)
    assert np.ptp(features) > 0
