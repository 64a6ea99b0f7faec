import keras
import numpy as np
import pytest

import zoo
from zoo.models import build_discriminator
from zoo.upsampling import converted_weights


@pytest.mark.parametrize(("size", "doublings", "side"), [(28, 2, 7), (32, 3, 4), (64, 4, 4)])
@pytest.mark.parametrize("family", ["dcgan", "sngan"])
def test_images_are_made_from_a_coarse_grid_by_doubling(family, size, doublings, side):
    shape = (size, size, 3)
    generator = zoo.create_model(f"{family}_transpose_2r", image_shape=shape, filters=2)
    assert generator.output_shape == (None, *shape)
    assert generator.get_layer("reshape").output.shape == (None, side, side, 2 * 2 ** (doublings - (family == "dcgan")))
    kernels = [layer.kernel_size for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    # The papers' transposed convolutions.
    assert kernels == [(4, 4)] * doublings
    discriminator = build_discriminator(f"{family}_transpose_2r", image_shape=shape, filters=2, latent=5)
    assert discriminator.output_shape == (None, 1)
    assert discriminator.get_layer(f"down{doublings}").output.shape[1:3] == (side, side)


def test_the_residual_networks_have_the_papers_kernels():
    arguments = {"image_shape": (32, 32, 3), "filters": 256, "residual": True}
    generator = zoo.create_model("sngan_resize", latent=128, hidden=0, **arguments)
    shapes = [tuple(w.shape) for w in generator.weights if len(w.shape) > 1]
    block = [(3, 3, 256, 256), (3, 3, 256, 256), (1, 1, 256, 256)]
    assert sorted(shapes) == sorted([(128, 4 * 4 * 256), *3 * block, (3, 3, 256, 3)])
    assert generator.output_shape == (None, 32, 32, 3)
    network = build_discriminator("sngan_resize", **{**arguments, "filters": 128})
    kernels = [tuple(w.shape) for w in network.weights if len(w.shape) == 4]
    down = [(3, 3, 128, 128), (3, 3, 128, 128), (1, 1, 128, 128)]
    first = [(3, 3, 3, 128), (3, 3, 128, 128), (1, 1, 3, 128)]
    assert sorted(kernels) == sorted([*first, *down, *2 * down[:2], (1, 1, 128, 1)])
    assert network.get_layer("block4").output.shape == (None, 8, 8, 128)


def test_residual_twins_compute_the_same():
    models = [zoo.create_model(f"sngan_{name}", filters=6, residual=True) for name in ("subpixel", "transpose")]
    for source, target in zip(models[0].layers, models[1].layers, strict=True):
        if source.weights:
            target.set_weights(converted_weights(source, target))
    latent = np.random.default_rng(0).standard_normal((3, 32)).astype(np.float32)
    np.testing.assert_allclose(models[1](latent), models[0](latent), atol=2e-6)
    assert np.ptp(models[0](latent)) > 0.0


def test_the_residual_classifier_has_the_papers_kernels():
    # WRN-16-4 has 2.75 M parameters; its first convolution has 16 channels instead of 64.
    model = zoo.create_model("features", image_shape=(32, 32, 3), filters=64, blocks=2, residual=True)
    shapes = [tuple(w.shape) for w in model.get_layer("encoder").weights if len(w.shape) == 4]
    assert shapes.count((3, 3, 64, 64)) == 4
    assert shapes.count((3, 3, 128, 128)) == shapes.count((3, 3, 256, 256)) == 3
    assert {(3, 3, 3, 64), (3, 3, 64, 128), (1, 1, 64, 128), (3, 3, 128, 256), (1, 1, 128, 256)} < set(shapes)
    assert 2.7e6 < model.count_params() <= 3e6
    pictures = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    features = model.get_layer("encoder")(pictures).numpy()
    assert features.shape == (2, 256)
    assert features.min() >= 0.0
    with pytest.raises(ValueError, match="blocks 0 must be at least 1 in the residual"):
        zoo.create_model("features", blocks=0, residual=True)


def test_normalisation_sees_the_batch_of_all_replicas():
    networks = [zoo.create_model("dcgan_subpixel"), zoo.create_model("sngan_resize")]
    networks.append(build_discriminator("dcgan_subpixel"))
    found = [each for net in networks for each in net.layers if isinstance(each, keras.layers.BatchNormalization)]
    assert len(found) == 3 + 4 + 2
    assert all(layer.synchronized for layer in found)


def test_parts_of_a_variational_autoencoder():
    model = zoo.create_model("vae_subpixel", latent=5)
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    mean, log_variance = encoder(images)
    assert mean.shape == log_variance.shape == (3, 5)
    np.testing.assert_allclose(decoder(mean), model(images), atol=1e-6)
    logits = keras.Model(decoder.inputs, decoder.get_layer("logits").output)(mean).numpy()
    np.testing.assert_allclose(1.0 / (1.0 + np.exp(-logits)), model(images), atol=1e-6)
    assert zoo.create_model("vae_resize", image_shape=(32, 32, 3)).output_shape == (None, 32, 32, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("vae_resize", {"image_shape": (30, 28, 1)}, r"\(30, 28, 1\).*multiples of 4"),
        ("vae_resize", {"hidden": 0}, "hidden 0 must be at least 1"),
        ("dcgan_resize", {"image_shape": (30, 28, 1)}, r"\(30, 28, 1\).*multiples of 4, and at least 16"),
        ("dcgan_resize", {"image_shape": (8, 8, 1)}, "at least 16"),
        ("dcgan_resize", {"latent": 0}, "latent 0"),
        ("dcgan_resize", {"hidden": -1}, "hidden -1 at least 0"),
        ("sngan_resize", {"filters": -1}, "filters -1"),
    ],
)
def test_sizes_that_cannot_be_built_are_named(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.create_model(name, **arguments)


def test_a_family_without_a_discriminator_says_so():
    with pytest.raises(ValueError, match="ae_subpixel is a autoencoder and has no discriminator"):
        build_discriminator("ae_subpixel")
