import keras
import numpy as np
import pytest

import zoo
from zoo.layers.spectral_conv2d import SpectralConv2D
from zoo.models import build_discriminator
from zoo.names import UPSAMPLERS

FAMILIES = ("vae", "dcgan", "sngan")


def inputs(model, count=2):
    return np.random.default_rng(0).standard_normal((count, *model.input_shape[1:])).astype(np.float32)


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_in_0_to_1_whatever_the_upsampler(family):
    for upsampler in UPSAMPLERS:
        model = zoo.create_model(f"{family}_{upsampler}", filters=4)
        output = model(inputs(model)).numpy()
        assert output.shape == (2, 28, 28, 1)
        assert output.min() >= 0.0
        assert output.max() <= 1.0
        assert np.ptp(output) > 0.0
        assert not np.array_equal(output[0], output[1])


@pytest.mark.parametrize("family", FAMILIES)
def test_twins_have_equal_parameters_and_differ_in_their_upsampling_layers_only(family):
    def made(upsampler):
        model = zoo.create_model(f"{family}_{upsampler}")
        decoder = model.get_layer("decoder") if family == "vae" else model
        shapes = {layer.name: [tuple(weight.shape) for weight in layer.weights] for layer in decoder.layers}
        kinds = {layer.name: type(layer).__name__ for layer in decoder.layers}
        return model.count_params(), shapes, kinds

    parameters, shapes, kinds = made("subpixel")
    upsampling = [name for name, kind in kinds.items() if kind == "SubpixelConv2D"]
    assert len(upsampling) == 2
    assert made("transpose")[0] == parameters
    for upsampler in UPSAMPLERS[1:]:
        _, other_shapes, other_kinds = made(upsampler)
        assert list(other_kinds) == list(kinds)
        assert [name for name in kinds if other_kinds[name] != kinds[name]] == upsampling
        assert all(other_shapes[name] == shapes[name] for name in kinds if name not in upsampling)


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


@pytest.mark.parametrize("family", FAMILIES)
def test_they_are_plain_functional_models_that_save_and_load(family, tmp_path):
    model = zoo.create_model(f"{family}_subpixel", filters=2)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(model)), model(inputs(model)))


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


@pytest.fixture
def spectral():
    keras.utils.set_random_seed(0)
    layer = SpectralConv2D(6, (3, 4), strides=2)
    images = np.random.default_rng(1).standard_normal((2, 9, 8, 5)).astype(np.float32)
    layer(images)
    return layer, images


def test_the_power_iteration_reaches_numpys_largest_singular_value(spectral):
    layer, images = spectral
    for _ in range(100):
        layer(images, training=True)
    kernel = layer.kernel.numpy()
    largest = np.linalg.svd(kernel.reshape(-1, 6), compute_uv=False)[0]
    plain = keras.layers.Conv2D(6, (3, 4), 2, padding="same")
    plain.build(images.shape)
    plain.set_weights([kernel / largest, layer.bias.numpy()])
    np.testing.assert_allclose(layer(images), plain(images), atol=1e-5)
    assert layer.compute_output_shape(images.shape) == plain.compute_output_shape(images.shape)


def test_u_moves_in_training_only_and_the_kernel_is_left_alone(spectral):
    layer, images = spectral
    kernel, u = layer.kernel.numpy(), layer.u.numpy()
    layer(images)
    np.testing.assert_array_equal(layer.u, u)
    layer(images, training=True)
    matrix = kernel.reshape(-1, 6)
    v = matrix @ u / np.linalg.norm(matrix @ u)
    np.testing.assert_allclose(layer.u, matrix.T @ v / np.linalg.norm(matrix.T @ v), atol=1e-6)
    np.testing.assert_array_equal(layer.kernel, kernel)
    assert [weight.name for weight in layer.non_trainable_weights] == ["u"]


def test_the_gradient_flows_through_the_division():
    import tensorflow as tf

    layer = SpectralConv2D(4, 1, dtype="float64")
    pixel = np.random.default_rng(2).standard_normal((1, 1, 1, 3))
    layer(pixel)
    matrix = layer.kernel.numpy().reshape(3, 4)
    left, values, right = np.linalg.svd(matrix)
    layer.u.assign(right[0][:, None])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(pixel))
    gradient = tape.gradient(loss, layer.kernel.value).numpy().reshape(3, 4)
    x = pixel.reshape(3)
    # Equation 12 of Miyato et al.: the gradient without what only stretches the kernel.
    outer = np.outer(x, np.ones(4))
    expected = (outer - np.sum(outer * matrix) / values[0] * np.outer(left[:, 0], right[0])) / values[0]
    np.testing.assert_allclose(gradient, expected, atol=1e-9)


def test_a_spectral_layer_keeps_its_arguments():
    layer = SpectralConv2D(6, (3, 4), strides=2, padding="valid", name="mine")
    again = SpectralConv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape((None, 9, 8, 5)) == (None, 4, 3, 6)
    with pytest.raises(ValueError, match="padding='full'"):
        SpectralConv2D(6, 3, padding="full")
