"""Check that weights from before PyTorch's shuffle work before TensorFlow's.

The script that made `pixel_shuffle.npz`, with torch 2.14.1:

    torch.manual_seed(0)
    head, tail = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.Conv2d(4, 3 * 2 * 2, 3, padding=1)
    x = torch.randn(2, 3, 5, 7)
    with torch.no_grad():
        y = torch.nn.PixelShuffle(2)(tail(torch.relu(head(x))))
    arrays = {"head.weight": head.weight, "head.bias": head.bias, "tail.weight": tail.weight, "tail.bias": tail.bias}
    numpy.savez_compressed(
        "pixel_shuffle.npz", input=x.numpy(), output=y.numpy(), **{k: v.detach().numpy() for k, v in arrays.items()}
    )
"""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from zoo.convert import convert
from zoo.upsampling import (
    SubpixelConv2D,
    depth_to_space_to_pixel_shuffle,
    pixel_shuffle_to_depth_to_space,
)


@pytest.fixture(scope="module")
def from_torch():
    """Return what PyTorch stored: weights in Keras's axes, the input and the output channels last."""
    stored = np.load(Path(__file__).with_name("pixel_shuffle.npz"))
    turned = {1: lambda array: array, 4: lambda array: np.transpose(array, (2, 3, 1, 0))}
    weights = {name: turned[stored[name].ndim](stored[name]) for name in stored.files if "." in name}
    return weights, *(np.transpose(stored[name], (0, 2, 3, 1)) for name in ("input", "output"))


def network(tail, weights, change=lambda each: each):
    image = keras.Input((5, 7, 3))
    model = keras.Model(image, tail(layers.Conv2D(4, 3, padding="same", activation="relu")(image)))
    model.set_weights(
        [weights[f"head.{key}"] for key in ("weight", "bias")]
        + [change(weights[f"tail.{key}"]) for key in ("weight", "bias")]
    )
    return model


def by_layer(x):
    return SubpixelConv2D(3, 3, scale=2, phase_bias=True)(x)


def by_hand(x):
    return ops.depth_to_space(layers.Conv2D(12, 3, padding="same")(x), 2)


@pytest.mark.parametrize("tail", [by_layer, by_hand])
def test_a_network_of_pytorch_computes_the_same(from_torch, tail):
    weights, x, expected = from_torch
    model = network(tail, weights, lambda each: pixel_shuffle_to_depth_to_space(each, 2))
    np.testing.assert_allclose(model(x), expected, atol=1e-6)
    # Without the new order the picture is another one, not one that is a little off.
    assert np.max(np.abs(network(tail, weights)(x) - expected)) > 0.5


def test_a_network_that_shuffles_as_pytorch_does_is_converted(from_torch):
    weights, x, expected = from_torch

    def tail(x):
        x = layers.Reshape((5, 7, 3, 2, 2))(layers.Conv2D(12, 3, padding="same", name="tail")(x))
        return layers.Reshape((10, 14, 3))(layers.Permute((1, 4, 2, 5, 3))(x))

    new, report = convert(network(tail, weights), "transpose")
    np.testing.assert_allclose(new(x), expected, atol=1e-6)
    assert type(new.get_layer("tail")) is layers.Conv2DTranspose
    assert report.kept == ()


@pytest.mark.parametrize("scale", [2, (3, 2)])
def test_there_and_back(scale):
    rh, rw = (scale, scale) if isinstance(scale, int) else scale
    kernel = np.arange(3 * 2 * rh * rw * 5).reshape(3, 2, 5 * rh * rw)
    there = pixel_shuffle_to_depth_to_space(kernel, scale)
    np.testing.assert_array_equal(there.reshape(3, 2, rh, rw, 5)[..., 1, 0, 4], kernel[..., (4 * rh + 1) * rw])
    np.testing.assert_array_equal(depth_to_space_to_pixel_shuffle(there, scale), kernel)
    assert there.dtype == kernel.dtype


def test_shapes_that_do_not_fit_are_named():
    for function in (pixel_shuffle_to_depth_to_space, depth_to_space_to_pixel_shuffle):
        with pytest.raises(ValueError, match=r"multiple of 2 \* 2 = 4.*shape \(12, 3, 3, 3\)"):
            function(np.zeros((12, 3, 3, 3)), 2)
