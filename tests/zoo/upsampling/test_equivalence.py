import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from upsampling_reference import correlate, scatter_same, shuffle

from zoo.upsampling import SubpixelConv2D, subpixel_to_transpose, transpose_to_subpixel

odd = st.sampled_from([1, 3, 5])
factor = st.integers(1, 4)


@settings(max_examples=40, deadline=None)
@given(
    taps=st.tuples(odd, odd),
    scale=st.tuples(factor, factor),
    filters=st.integers(1, 3),
    channels=st.integers(1, 3),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_kernels_are_one_linear_map(taps, scale, filters, channels, height, width, seed):
    """In NumPy alone, even where the kernel is larger than the picture."""
    draw = np.random.default_rng(seed)
    kernel = draw.standard_normal((taps[0] * scale[0], taps[1] * scale[1], filters, channels))
    x = draw.standard_normal((2, height, width, channels))
    converted = transpose_to_subpixel(kernel, scale)
    assert converted.shape == (*taps, channels, scale[0] * scale[1] * filters)
    y = shuffle(correlate(x, converted), *scale)
    np.testing.assert_allclose(y, scatter_same(x, kernel, *scale), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(subpixel_to_transpose(converted, scale), kernel)


@settings(max_examples=40, deadline=None)
@given(taps=st.tuples(odd, odd), scale=st.tuples(factor, factor), filters=st.integers(1, 3))
def test_is_a_permutation_by_the_formula(taps, scale, filters):
    (kh, kw), (rh, rw), channels = taps, scale, 2
    shape = (kh, kw, channels, rh * rw * filters)
    kernel = np.arange(np.prod(shape)).reshape(shape)
    transposed = subpixel_to_transpose(kernel, scale)
    for i, a, j, b in np.ndindex(kh, rh, kw, rw):
        for co, ci in np.ndindex(filters, channels):
            channel = (a * rw + b) * filters + co
            assert transposed[i * rh + a, j * rw + b, co, ci] == kernel[kh - 1 - i, kw - 1 - j, ci, channel]
    np.testing.assert_array_equal(transpose_to_subpixel(transposed, scale), kernel)


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16, "float64", "int8"])
def test_dtype_is_kept(dtype):
    kernel = np.arange(36).reshape(6, 6, 1, 1).astype(dtype)
    assert transpose_to_subpixel(kernel, 2).dtype == dtype
    assert subpixel_to_transpose(transpose_to_subpixel(kernel, 2), 2).dtype == dtype


def relative(a, b):
    return np.linalg.norm(np.asarray(a) - np.asarray(b)) / np.linalg.norm(b)


@pytest.mark.parametrize(
    ("taps", "scale", "filters"),
    [(3, 2, 3), (5, 3, 3), (1, 4, 3), (3, (2, 3), 3), ((3, 5), (3, 1), 2), (3, 2, 32)],
)
def test_twins_agree_in_output_and_gradients(taps, scale, filters):
    """Borders included, and the shared bias is the twin's bias."""
    layer = SubpixelConv2D(
        filters,
        taps,
        scale,
        dtype="float64",
        kernel_initializer=keras.initializers.GlorotUniform(seed=1),
        bias_initializer=keras.initializers.RandomNormal(seed=2),
    )
    large = tuple(k * r for k, r in zip(layer.kernel_size, layer.scale, strict=True))
    twin = keras.layers.Conv2DTranspose(filters, large, strides=layer.scale, padding="same", dtype="float64")
    x = tf.constant(np.random.default_rng(0).standard_normal((2, 5, 6, 4)))
    layer.build(x.shape)
    twin.build(x.shape)
    twin.set_weights([subpixel_to_transpose(np.asarray(layer.kernel), layer.scale), np.asarray(layer.bias)])

    outputs, gradients = [], []
    for each in (layer, twin):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = each(x)
            loss = tf.reduce_sum(tf.sin(3.0 * y))
        outputs.append(y)
        gradients.append(tape.gradient(loss, [x, each.kernel.value, each.bias.value]))
    assert relative(outputs[0], outputs[1]) < 1e-12
    ours, theirs = gradients
    assert relative(ours[0], theirs[0]) < 1e-12
    assert relative(subpixel_to_transpose(ours[1].numpy(), layer.scale), theirs[1]) < 1e-12
    assert relative(ours[2], theirs[2]) < 1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: transpose_to_subpixel(np.zeros((4, 4, 1, 1)), 2), "2, 6, 10, ... for scale 2. Received: size 4"),
        (lambda: transpose_to_subpixel(np.zeros((7, 7, 1, 1)), 2), "Received: size 7"),
        (lambda: transpose_to_subpixel(np.zeros((6, 4, 1, 1)), 2), "Received: size 4"),
        (lambda: transpose_to_subpixel(np.zeros((6, 6, 1)), 2), r"four dimensions. Received: shape \(6, 6, 1\)"),
        (lambda: subpixel_to_transpose(np.zeros((2, 2, 1, 4)), 2), "Received: size 2"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 6)), 2), r"multiple of 4 channels. Received: .*6"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 4)), -2), "scale=-2"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
