"""Check that up-sampling and a convolution equal one transposed and one sub-pixel convolution, borders included."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import noise, relative
from zoo.upsampling import ResizeConv2D, SubpixelConv2D, resize_to_subpixel, resize_to_transpose, transpose_to_resize

SCALES = [(2, 2), (3, 3), (4, 4), (2, 3), (4, 1)]


def resized(x, kernel, scale, padding):
    """Return what Keras's own layers compute."""
    convolution = layers.Conv2D(kernel.shape[3], kernel.shape[:2], padding=padding, use_bias=False, dtype="float64")
    model = keras.Sequential(
        [keras.Input(x.shape[1:], dtype="float64"), layers.UpSampling2D(scale, dtype="float64"), convolution]
    )
    model.set_weights([kernel])
    return model(x)


def transposed(x, kernel, scale):
    padding, output_padding, ((top, bottom), (left, right)) = kernel.frame
    y = ops.conv_transpose(x, kernel.kernel, scale, padding, output_padding)
    return y[:, top : y.shape[1] - bottom, left : y.shape[2] - right]


def subpixel(x, kernel, scale):
    around, ((top, bottom), (left, right)) = kernel.frame
    same = around == "same"
    layer = SubpixelConv2D(
        kernel.shape[3] // np.prod(scale),
        kernel.shape[:2],
        scale,
        "same" if same else "valid",
        use_bias=False,
        dtype="float64",
    )
    x = x if same else np.pad(x, ((0, 0), *around, (0, 0)))
    layer.build(x.shape)
    layer.set_weights([kernel.kernel])
    y = layer(x)
    return y[:, top : y.shape[1] - bottom, left : y.shape[2] - right]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("scale", SCALES)
def test_every_kernel_and_scale(scale, padding):
    for height in range(1, 8):
        size = (height, height % 7 + 1)
        x, kernel = noise(2, 5, 8, 2), noise(*size, 2, 3, seed=1)
        expected = resized(x, kernel, scale, padding)
        large = resize_to_transpose(kernel, scale, padding)
        assert large.shape == (size[0] + scale[0] - 1, size[1] + scale[1] - 1, 3, 2)
        assert relative(expected, transposed(x, large, scale)) < 1e-13
        small = resize_to_subpixel(kernel, scale, padding)
        assert small.shape[:2] == tuple(-(-(k - 1) // r) + 1 for k, r in zip(size, scale, strict=True))
        assert relative(expected, subpixel(x, small, scale)) < 1e-13


def test_the_smallest_pictures():
    """Check one pixel, all of whose neighbours lie outside."""
    x = noise(1, 1, 1, 2)
    for size, scale in [(3, 2), (7, 2), (6, 4)]:
        kernel = noise(size, size, 2, 3)
        expected = resized(x, kernel, (scale, scale), "same")
        assert relative(expected, transposed(x, resize_to_transpose(kernel, scale), (scale, scale))) < 1e-13
        assert relative(expected, subpixel(x, resize_to_subpixel(kernel, scale), (scale, scale))) < 1e-13


def test_values_that_can_be_checked_by_hand():
    """Sum the taps 1, 10, 100 in pairs: the ends of a 3x1 kernel stay alone."""
    kernel = np.reshape([1.0, 10.0, 100.0], (3, 1, 1, 1))
    twin = resize_to_transpose(kernel, (2, 1))
    np.testing.assert_array_equal(twin.kernel.ravel(), [100, 110, 11, 1])
    assert twin.frame == ("same", None, ((0, 0), (0, 0)))
    # Pixels 1 and 2 become 1, 1, 2, 2, between zeros.
    expected = [1 * 10 + 1 * 100, 1 * 1 + 1 * 10 + 2 * 100, 1 * 1 + 2 * 10 + 2 * 100, 2 * 1 + 2 * 10]
    np.testing.assert_array_equal(np.ravel(transposed(np.reshape([1.0, 2.0], (1, 2, 1, 1)), twin, (2, 1))), expected)


@pytest.mark.parametrize("sides", [((1, 1), (1, 1)), ((2, 0), (0, 2)), ((0, 1), (2, 2))])
def test_zeros_around_the_enlarged_picture(sides):
    x, kernel = noise(1, 4, 3, 2), noise(3, 3, 2, 3)
    enlarged = np.pad(np.repeat(np.repeat(x, 2, 1), 2, 2), ((0, 0), *sides, (0, 0)))
    expected = tf.nn.conv2d(enlarged, kernel, 1, "VALID")
    assert relative(expected, transposed(x, resize_to_transpose(kernel, 2, sides), (2, 2))) < 1e-13
    assert relative(expected, subpixel(x, resize_to_subpixel(kernel, 2, sides), (2, 2))) < 1e-13


def test_the_layer_of_the_zoo():
    layer = ResizeConv2D(3, 3, 2, use_bias=False, dtype="float64")
    x = noise(1, 4, 5, 2)
    expected = layer(x)
    assert relative(expected, subpixel(x, resize_to_subpixel(np.asarray(layer.kernel), 2), (2, 2))) < 1e-13


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", SCALES)
def test_the_way_back_exists_for_such_kernels_only(scale, dtype):
    for size in [(1, 2), (3, 3), (7, 5)]:
        kernel = noise(*size, 2, 3).astype(dtype)
        there = resize_to_transpose(kernel, scale).kernel
        back = transpose_to_resize(there, scale)
        assert back.dtype == dtype
        np.testing.assert_allclose(back, kernel, rtol=0, atol=1e-5 if dtype == "float32" else 1e-13)
        there[0, 0, 0, 0] += 0.01
        with pytest.raises(ValueError, match="not sums of neighbouring taps"):
            transpose_to_resize(there, scale)
    with pytest.raises(ValueError, match=r"up-sampling by \(3, 3\).*shape \(2, 2, 1, 1\)"):
        transpose_to_resize(np.zeros((2, 2, 1, 1)), 3)


def test_what_does_not_fit_is_named():
    for padding, message in [("full", "padding='full'"), (((3, 0), (0, 0)), r"at most \(2, 2\) on a side")]:
        with pytest.raises(ValueError, match=message):
            resize_to_transpose(np.zeros((3, 3, 2, 3)), 2, padding)
    with pytest.raises(ValueError, match=r"four dimensions.*\(3, 3\)"):
        resize_to_subpixel(np.zeros((3, 3)), 2)
    assert resize_to_transpose(np.zeros((3, 3, 2, 3), np.float32), 2).kernel.dtype == np.float32
