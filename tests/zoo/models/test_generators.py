import keras
import numpy as np
import pytest

import zoo
from zoo.models import build_discriminator


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
