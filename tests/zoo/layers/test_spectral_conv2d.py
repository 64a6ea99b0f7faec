import keras
import numpy as np
import pytest

from zoo.layers.spectral_conv2d import SpectralConv2D


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
