"""Check the published models: their outputs, and the facts on their cards."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.network import field_of
from zoo.pretrained.load import verify
from zoo.system.files import walk
from zoo.upscaling.picture_network import PictureNetwork

PUBLISHED = zoo.list_models(pretrained=True)


def of_family(family):
    return [name for name in PUBLISHED if zoo.card(name)["family"] == family]


def test_what_is_published_here():
    expected = {f"ae_{name}" for name in ("subpixel", "transpose", "transpose_2r", "resize")}
    expected |= {f"{family}_x{scale}_subpixel" for family in ("espcn", "sesr") for scale in (2, 3, 4)}
    expected |= {"fsrcnn_x3_subpixel", *(f"fsrcnn_x{scale}_transpose" for scale in (2, 3, 4))}
    expected |= {f"vae_{name}" for name in ("subpixel", "transpose", "resize")}
    expected |= {f"dcgan_{name}" for name in ("subpixel", "transpose", "transpose_2r", "resize", "subpixel.cifar10")}
    expected |= {"features", "features.fashion_mnist", "features.cifar10"}
    expected |= {"ae_subpixel.cifar10", "ae_transpose.cifar10"}
    expected |= {"sngan_subpixel.fashion_mnist", "sngan_transpose_2r.fashion_mnist", "vae_subpixel.fashion_mnist"}
    assert expected <= set(PUBLISHED)


def loaded(name):
    """Return a published model in both forms, and pictures for it."""
    card = zoo.card(name)
    model = zoo.create_model(name, pretrained=True)
    assert card["name"] == name
    assert card["parameters"] == model.count_params()
    images = np.random.default_rng(0).random((7, *card["input"]["shape"][1:]), np.float32)
    return zoo.load_pretrained(name), model, images


@pytest.mark.parametrize("name", of_family("ae"))
def test_published_autoencoders_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    np.testing.assert_allclose(saved.serve(image=images)["image"], model(images), atol=1e-6)
    latent = saved.encode(image=images)["latent"]
    np.testing.assert_allclose(saved.decode(latent=latent)["image"], model(images), atol=1e-6)
    assert saved.serve(image=images[:1])["image"].shape == (1, *images.shape[1:])


@pytest.mark.parametrize("name", of_family("features"))
def test_published_classifiers_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    served = saved.serve(image=images)
    np.testing.assert_allclose(served["probabilities"], tf.nn.softmax(model(images)), atol=1e-5)
    np.testing.assert_allclose(served["features"], model.get_layer("encoder")(images), atol=1e-4)
    assert saved.serve(image=images[:1])["features"].shape == (1, 128)


@pytest.mark.parametrize("name", of_family("vae"))
def test_published_variational_autoencoders_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    np.testing.assert_allclose(saved.serve(image=images)["image"], model(images), atol=1e-6)
    code = saved.encode(image=images)
    for served, expected in zip(
        (code["latent"], code["log_variance"]), model.get_layer("encoder")(images), strict=True
    ):
        np.testing.assert_allclose(served, expected, atol=1e-5)
    np.testing.assert_allclose(saved.decode(latent=code["latent"])["image"], model(images), atol=1e-5)


@pytest.mark.parametrize("name", [*of_family("dcgan"), *of_family("sngan")])
def test_published_generators_load_and_give_what_their_weights_give(name):
    saved, model, latents = loaded(name)
    np.testing.assert_allclose(saved.serve(latent=latents)["image"], model(latents), atol=1e-5)
    drawn = saved.sample(count=tf.constant(5), seed=tf.constant(7, tf.int64))["image"]
    expected = model(tf.random.stateless_normal((5, latents.shape[1]), (7, 0), alg="philox"))
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    assert zoo.card(name)["metrics"]["diversity"]["value"] > 0.7


ENLARGING = [name for name in PUBLISHED if zoo.card(name)["scale"]]
# The luma PSNR of bicubic enlargement.
BICUBIC = {"set5": {2: 33.65, 3: 30.39, 4: 28.42}, "set14": {2: 30.23, 3: 27.54, 4: 26.00}}


@pytest.mark.parametrize("name", ENLARGING)
def test_published_super_resolution_models_give_what_their_weights_give_and_beat_bicubic(name):
    card, model, saved = zoo.card(name), zoo.create_model(name, pretrained=True), zoo.load_pretrained(name)
    assert card["parameters"] == model.count_params()
    low = np.random.default_rng(0).random((2, 9, 7, 1), np.float32)
    expected = PictureNetwork(model, field_of(model)).enlarge_luma(tf.constant(low))
    np.testing.assert_allclose(saved.serve_luma(image=low)["image"], expected, atol=1e-5)
    reached = {
        metric["source"]: metric["value"]
        for key, metric in card["metrics"].items()
        if key.startswith("psnr_y") and "degradation" not in metric
    }
    # Networks for photographs leave out what could be noise.
    gains = (0.5, 0.5) if name.endswith(".photo") else (1.5, 1.0)
    for source, gain in zip(("set5", "set14"), gains, strict=True):
        assert reached[source] > BICUBIC[source][card["scale"]] + gain


@pytest.mark.parametrize("name", PUBLISHED)
def test_cards_hold_the_facts_and_files_are_small(name):
    card = zoo.card(name)
    keys = {
        *("schema", "name", "family", "upsampler", "scale", "model_arguments", "input", "parameters", "multiply_adds"),
        *("source", "split", "command", "seed", "steps", "commit", "metrics", "licence", "citation", "notes"),
    }
    assert keys <= set(card) <= keys | {"legs", "speed", "device"}
    assert set(card["input"]) == {"shape", "range", "multiple_of", "minimum"}
    measured = {"ae": {"psnr", "ssim", "mse"}, "features": {"accuracy", "cross_entropy"}}
    measured |= {"vae": {"elbo", "log_likelihood", "psnr", "ssim", "mse"}}
    measured |= {family: {"psnr_y", "ssim_y", "psnr_rgb"} for family in ("espcn", "fsrcnn", "sesr", "edsr", "span")}
    measured |= {family: {"checkerboard", "diversity", "spectral_distance"} for family in ("dcgan", "sngan")}
    assert measured.get(card["family"], set()) <= set(card["metrics"])
    facts = [set(metric) - {"standard_error", "degradation"} for metric in card["metrics"].values()]
    assert all(fact == {"value", "source", "protocol"} for fact in facts)
    for estimate in {"elbo", "log_likelihood"} & set(card["metrics"]):
        assert card["metrics"][estimate]["standard_error"] > 0
    assert card["command"].startswith("make train MODEL=")
    assert len(card["commit"].rstrip("+")) == 40
    assert sum(path.stat().st_size for path in walk(verify(name))) < 8_000_000


def test_accuracy_of_the_published_classifiers():
    least = {"features": 0.993, "features.fashion_mnist": 0.92, "features.cifar10": 0.75}
    for name in of_family("features"):
        assert zoo.card(name)["metrics"]["accuracy"]["value"] > least[name]


def test_psnr_of_the_published_models():
    def psnr(name):
        return zoo.card(name)["metrics"]["psnr"]["value"]

    for upsampler in ("subpixel", "transpose", "transpose_2r", "resize"):
        assert psnr(f"ae_{upsampler}") >= 26.0
    # The same number of principal components, 256, reaches 26.5 dB.
    assert psnr("ae_subpixel.cifar10") > 26.5
    assert psnr("ae_transpose.cifar10") > 26.5


def test_a_plain_tensorflow_process_elsewhere_uses_a_published_model(tmp_path):
    code = f"""
import tensorflow as tf, keras
path = {str(verify("ae_subpixel"))!r}
m = tf.saved_model.load(path)
for batch in (1, 7):
    image = tf.random.uniform((batch, 28, 28, 1), seed=batch)
    out = m.signatures["serving_default"](image=image)["image"]
    latent = m.signatures["encode"](image=image)["latent"]
    assert latent.shape == (batch, 64)
    again = m.signatures["decode"](latent=latent)["image"]
    assert out.shape == image.shape
    tf.debugging.assert_near(out, again, atol=1e-6)
    layer = keras.layers.TFSMLayer(path, call_endpoint="serve")
    tf.debugging.assert_near(layer(image)["image"], out, atol=1e-6)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
