import copy

import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.helpers.numpy_reference import correlate, scatter_window, shuffle
from zoo.upsampling import SubpixelConv2D, subpixel_to_transpose, transpose_to_subpixel

size = st.integers(1, 9)
factor = st.integers(1, 4)
pairs = st.tuples(factor, factor)
pixels = st.integers(1, 5)


@st.composite
def transposed_convolutions(draw):
    """Draw kernel size, stride, padding and output padding of a layer that TensorFlow runs."""
    sizes, scale = draw(st.tuples(size, size)), draw(pairs)
    padding = draw(st.sampled_from(["same", "valid"]))
    output_padding = draw(st.none() | st.tuples(*(st.integers(0, r - 1) for r in scale)))
    assume(
        padding == "valid"
        or output_padding is None
        or all(k % 2 or more for k, more in zip(sizes, output_padding, strict=True))
    )
    return sizes, scale, padding, output_padding


def framed(x, kernel, scale):
    """Return a sub-pixel convolution in its frame, in NumPy."""
    (above, below), (left, right) = kernel.frame.sides(kernel.shape[:2])
    x = np.pad(x, ((0, 0), (above, below), (left, right), (0, 0)))
    return cropped(shuffle(correlate(x, np.asarray(kernel), "valid"), *scale), kernel.frame.crop)


def cropped(y, crop):
    (above, below), (left, right) = crop
    return y[:, above : y.shape[1] - below, left : y.shape[2] - right]


@settings(max_examples=150, deadline=None)
@given(transposed_convolutions(), st.integers(1, 3), st.integers(1, 2), pixels, pixels, st.integers(0, 99))
def test_kernels_are_one_linear_map(layer, filters, channels, height, width, seed):
    """Compare in NumPy alone, also for kernels larger than the picture; the maps are inverse to each other."""
    sizes, scale, padding, output_padding = layer
    draw = np.random.default_rng(seed)
    kernel = draw.standard_normal((*sizes, filters, channels))
    x = draw.standard_normal((2, height, width, channels))
    converted = transpose_to_subpixel(kernel, scale, padding, output_padding)
    taps = tuple(-(-k // r) for k, r in zip(sizes, scale, strict=True))
    assert converted.shape == (*taps, channels, scale[0] * scale[1] * filters)
    wanted = scatter_window(x, kernel, *scale, padding, output_padding)
    np.testing.assert_allclose(framed(x, converted, scale), wanted, rtol=1e-12, atol=1e-12)

    back = subpixel_to_transpose(converted, scale, *converted.frame, kernel_size=sizes)
    np.testing.assert_array_equal(back, kernel)
    assert back.frame.crop == ((0, 0), (0, 0))
    again = scatter_window(x, np.asarray(back), *scale, *back.frame[:2])
    np.testing.assert_array_equal(again, wanted)


@settings(max_examples=100, deadline=None)
@given(
    taps=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    scale=pairs,
    padding=st.sampled_from(["same", "valid"]),
    filters=st.integers(1, 3),
    height=st.integers(5, 7),
    width=st.integers(5, 7),
)
def test_every_subpixel_convolution_has_a_twin(taps, scale, padding, filters, height, width):
    draw = np.random.default_rng(0)
    kernel = draw.standard_normal((*taps, 2, scale[0] * scale[1] * filters))
    x = draw.standard_normal((1, height, width, 2))
    twin = subpixel_to_transpose(kernel, scale, padding)
    assert twin.size == kernel.size
    y = cropped(scatter_window(x, np.asarray(twin), *scale, *twin.frame[:2]), twin.frame.crop)
    np.testing.assert_allclose(y, shuffle(correlate(x, kernel, padding), *scale), rtol=1e-12, atol=1e-12)
    back = transpose_to_subpixel(twin, scale, *twin.frame[:2])
    np.testing.assert_array_equal(back, kernel)


@pytest.mark.parametrize(
    ("sizes", "scale", "padding", "output_padding", "taps", "sides", "crop"),
    [
        ((9, 9), 3, "same", None, (3, 3), "same", ((0, 0), (0, 0))),
        ((9, 9), 2, "same", None, (5, 5), "same", ((0, 0), (0, 0))),
        ((9, 9), 4, "same", None, (3, 3), "same", ((0, 0), (0, 0))),
        ((2, 2), 2, "same", None, (1, 1), "same", ((0, 0), (0, 0))),
        ((1, 2), 4, "same", None, (1, 1), "same", ((0, 0), (0, 0))),
        ((5, 5), 1, "same", None, (5, 5), "same", ((0, 0), (0, 0))),
        ((4, 4), 2, "same", None, (2, 2), ((1, 1), (1, 1)), ((1, 1), (1, 1))),
        ((3, 3), 2, "same", None, (2, 2), ((1, 0), (1, 0)), ((0, 0), (0, 0))),
        ((4, 9), (2, 3), "same", None, (2, 3), ((1, 1), (1, 1)), ((1, 1), (0, 0))),
        ((4, 4), 2, "valid", None, (2, 2), ((1, 1), (1, 1)), ((0, 0), (0, 0))),
        ((2, 2), 2, "valid", (1, 1), (1, 1), ((0, 1), (0, 1)), ((0, 1), (0, 1))),
        ((3, 3), 2, "same", (1, 1), (2, 2), ((1, 0), (1, 0)), ((0, 0), (0, 0))),
    ],
)
def test_frames_are_the_least(sizes, scale, padding, output_padding, taps, sides, crop):
    kernel = transpose_to_subpixel(np.ones((*sizes, 1, 1)), scale, padding, output_padding)
    assert kernel.shape[:2] == taps
    assert kernel.frame == (sides, crop)


@settings(max_examples=40, deadline=None)
@given(taps=st.tuples(size, size), scale=pairs, filters=st.integers(1, 3))
def test_kernels_that_divide_by_the_stride_are_permuted(taps, scale, filters):
    """Compare with the formula, by which no multiply-add is added."""
    (kh, kw), (rh, rw), channels = taps, scale, 2
    shape = (kh, kw, channels, rh * rw * filters)
    kernel = np.arange(np.prod(shape)).reshape(shape)
    transposed = np.asarray(subpixel_to_transpose(kernel, scale))
    i, a, j, b, co, ci = np.indices((kh, rh, kw, rw, filters, channels)).reshape(6, -1)
    channel = (a * rw + b) * filters + co
    np.testing.assert_array_equal(
        transposed[i * rh + a, j * rw + b, co, ci], kernel[kh - 1 - i, kw - 1 - j, ci, channel]
    )
    for padding in ("same", "valid"):
        np.testing.assert_array_equal(transpose_to_subpixel(transposed, scale, padding), kernel)


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16, "float64", "int8"])
def test_dtype_is_kept(dtype):
    kernel = np.arange(49).reshape(7, 7, 1, 1).astype(dtype)
    converted = transpose_to_subpixel(kernel, 2)
    assert converted.dtype == dtype
    assert subpixel_to_transpose(converted, 2, *converted.frame, kernel_size=7).dtype == dtype


def test_frame_stays_with_copies_and_leaves_parts():
    kernel = transpose_to_subpixel(np.ones((4, 4, 1, 2), "float32"), 2)
    assert kernel.astype("float16").frame == kernel.copy().frame == copy.copy(kernel).frame == kernel.frame
    assert getattr(kernel[:1], "frame", None) is None


def test_a_framed_kernel_is_taken_wherever_an_array_is():
    array = np.random.default_rng(0).standard_normal((6, 6, 3, 2))
    kernel = transpose_to_subpixel(array, 2)
    plain = kernel.kernel
    assert type(np.asarray(kernel)) is type(plain) is np.ndarray
    assert (kernel.shape, kernel.dtype, kernel.size, len(kernel)) == ((3, 3, 2, 12), np.float64, 216, 3)
    np.testing.assert_array_equal(kernel[1], plain[1])
    np.testing.assert_array_equal(kernel - 2 * kernel, -plain)
    np.testing.assert_array_equal(np.stack([kernel, plain])[0], kernel.reshape(3, 3, 2, 12))
    assert np.array(kernel, np.float32).dtype == np.float32
    assert tf.constant(kernel).dtype == tf.float64
    assert tf.convert_to_tensor(kernel, tf.float32).dtype == tf.float32
    layer = SubpixelConv2D(3, 3, 2)
    layer.build((None, None, None, 2))
    layer.set_weights([kernel, np.zeros(3)])
    np.testing.assert_allclose(layer.kernel, plain, rtol=1e-6)
    layer.kernel.assign(2 * plain)
    layer.kernel.assign(kernel)
    np.testing.assert_allclose(layer.kernel, plain, rtol=1e-6)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kernel.nothing


def relative(a, b):
    return np.max(np.abs(np.asarray(a) - np.asarray(b))) / np.max(np.abs(b))


CASES = [
    ((9, 9), (3, 3), "same", None),
    ((9, 9), (2, 2), "same", None),
    ((4, 4), (2, 2), "same", None),
    ((3, 3), (2, 2), "same", None),
    ((5, 4), (2, 3), "same", None),
    ((2, 2), (2, 2), "same", None),
    ((2, 1), (3, 4), "same", None),
    ((3, 5), (1, 2), "same", (0, 1)),
    ((4, 3), (3, 2), "same", (1, 0)),
    ((5, 5), (2, 2), "valid", None),
    ((3, 2), (2, 4), "valid", (1, 2)),
    ((1, 8), (3, 2), "valid", None),
    ((4, 4), (1, 1), "same", None),
]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize(("sizes", "scale", "padding", "output_padding"), CASES)
def test_layers_agree_in_output_and_gradients(sizes, scale, padding, output_padding, dtype, tolerance):
    """Compare TensorFlow's Conv2DTranspose with ZeroPadding2D, SubpixelConv2D and Cropping2D."""
    filters, channels = 3, 2
    draw = np.random.default_rng(0)
    kernel = draw.standard_normal((*sizes, filters, channels)).astype(dtype)
    bias = draw.standard_normal(filters)
    twin = keras.layers.Conv2DTranspose(filters, sizes, scale, padding, output_padding, dtype=dtype)
    converted = transpose_to_subpixel(kernel, scale, padding, output_padding)
    same = converted.frame.padding == "same"
    layer = SubpixelConv2D(filters, converted.shape[:2], scale, "same" if same else "valid", dtype=dtype)
    around = keras.layers.ZeroPadding2D(((0, 0), (0, 0)) if same else converted.frame.padding, dtype=dtype)
    crop = keras.layers.Cropping2D(converted.frame.crop, dtype=dtype)
    x = tf.constant(draw.standard_normal((2, 5, 4, channels)).astype(dtype))
    twin.build(x.shape)
    layer.build(around.compute_output_shape(x.shape))
    twin.set_weights([kernel, bias])
    layer.set_weights([converted, bias])

    outputs, gradients = [], []
    for call, each in ((twin, twin), (lambda x: crop(layer(around(x))), layer)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(x)
            loss = tf.reduce_sum(tf.sin(3.0 * y))
        outputs.append(y)
        gradients.append(tape.gradient(loss, [x, each.kernel.value, each.bias.value]))
    assert relative(outputs[1], outputs[0]) < tolerance
    theirs, ours = gradients
    assert relative(ours[0], theirs[0]) < tolerance
    assert relative(ours[2], theirs[2]) < tolerance
    # The taps that were filled up with zeros have gradients, which the transposed kernel has no entries for.
    filled = transpose_to_subpixel(np.ones(kernel.shape), scale, padding, output_padding)
    back = subpixel_to_transpose(ours[1].numpy() * filled, scale, *converted.frame, kernel_size=sizes)
    assert relative(back, theirs[1]) < tolerance


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: transpose_to_subpixel(np.zeros((6, 6, 1)), 2), r"four dimensions.*Received: shape \(6, 6, 1\)"),
        (lambda: transpose_to_subpixel(np.zeros((0, 6, 1, 1)), 2), r"none of them 0. Received: shape \(0, 6, 1, 1\)"),
        (lambda: transpose_to_subpixel(np.zeros((6, 6, 1, 1)), 0), "scale=0"),
        (lambda: transpose_to_subpixel(np.zeros((6, 6, 1, 1)), 2, "full"), "padding='full'"),
        (lambda: transpose_to_subpixel(np.zeros((4, 4, 1, 1)), 2, "same", 0), "make it 1 to 1. .*kernel size of 4"),
        (lambda: transpose_to_subpixel(np.zeros((4, 4, 1, 1)), 1, "same", 0), "leave output_padding out. .*size of 4"),
        (
            lambda: transpose_to_subpixel(np.zeros((3, 3, 1, 1)), 2, "same", (1, 2)),
            "output_padding=2 for a stride",
        ),
        (lambda: transpose_to_subpixel(np.zeros((3, 3, 1, 1)), 2, "same", (1, 1, 1)), r"output_padding=\(1, 1, 1\)"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 6)), 2), r"multiple of 4 channels. Received: .*6"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 4)), -2), "scale=-2"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 4)), 2, ((1, -1), (0, 0))), "none of them negative.*-1"),
        (lambda: subpixel_to_transpose(np.zeros((3, 3, 1, 4)), 2, crop=2), "crop=2"),
        (lambda: subpixel_to_transpose(np.ones((3, 3, 1, 4)), 2, kernel_size=5), r"kernel_size=\(5, 5\)"),
        (lambda: subpixel_to_transpose(np.ones((2, 2, 1, 4)), 2, ((2, 0), (0, 0))), r"pad at most \(1, 1\) on a side"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
