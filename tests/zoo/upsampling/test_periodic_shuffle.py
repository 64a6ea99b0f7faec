import contextlib

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.numpy_reference import shuffle
from zoo.upsampling import periodic_shuffle, shuffles_for_cpus


def numbered(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(0, 3),
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    scale=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    filters=st.sampled_from([1, 2, 3, 31, 32, 33]),
)
def test_equals_the_loop(batch, height, width, scale, filters):
    x = numbered(batch, height, width, scale[0] * scale[1] * filters)
    np.testing.assert_array_equal(periodic_shuffle(x, scale), shuffle(x, *scale))


@pytest.mark.parametrize("filters", [1, 3, 31, 32, 40])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_is_depth_to_space_in_both_lowerings(filters, scale):
    x = numbered(2, 3, 4, scale * scale * filters)
    np.testing.assert_array_equal(periodic_shuffle(x, scale), tf.nn.depth_to_space(x, scale))


@pytest.mark.parametrize(
    ("scale", "training", "for_cpus", "expected"),
    [
        (2, None, False, ["DepthToSpace"]),
        (2, False, False, ["DepthToSpace"]),
        (2, True, False, ["Reshape", "Transpose", "Reshape"]),
        (2, None, True, ["Reshape", "Transpose", "Reshape"]),
        ((3, 2), None, False, ["Reshape", "Transpose", "Reshape"]),
        ((1, 2), None, False, ["Reshape"]),
        (1, None, False, []),
    ],
)
def test_a_graph_holds_as_few_operations_as_can_be(scale, training, for_cpus, expected):
    def call(x):
        with shuffles_for_cpus() if for_cpus else contextlib.nullcontext():
            return periodic_shuffle(x, scale, training=training)

    graph = tf.function(call).get_concrete_function(tf.TensorSpec((None, 4, 5, 12))).graph
    kinds = [each.type for each in graph.get_operations()]
    assert [kind for kind in kinds if kind in {"Reshape", "Transpose", "DepthToSpace"}] == expected
    # No example's pixels lie in another's dimension.
    for operation in graph.get_operations():
        if operation.type in {"Reshape", "Transpose"}:
            assert operation.outputs[0].shape[0] is None


@pytest.mark.parametrize("filters", [3, 32])
@pytest.mark.parametrize("unknown", [(), (0,), (1, 2), (0, 1, 2)])
def test_unknown_sizes_and_channels_first(filters, unknown):
    x = numbered(2, 3, 5, 4 * filters)
    shape = [None if axis in unknown else size for axis, size in enumerate(x.shape)]
    graph = tf.function(lambda x: periodic_shuffle(x, 2), input_signature=[tf.TensorSpec(shape)])
    np.testing.assert_array_equal(graph(x), shuffle(x, 2, 2))
    expected = [None if axis in unknown else size for axis, size in enumerate((2, 6, 10, filters))]
    assert graph.get_concrete_function().output_shapes.as_list() == expected

    first = periodic_shuffle(np.moveaxis(x, 3, 1), 2, "channels_first")
    np.testing.assert_array_equal(np.moveaxis(first, 1, 3), shuffle(x, 2, 2))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "uint8", "int32"])
@pytest.mark.parametrize("filters", [1, 32])
def test_moves_values_of_any_dtype(dtype, filters):
    x = tf.cast(numbered(1, 2, 2, 4 * filters) % 200, dtype)
    y = periodic_shuffle(x, 2)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, shuffle(x.numpy(), 2, 2))


@pytest.mark.parametrize("filters", [1, 32])
def test_gradient_is_the_inverse(filters):
    x = tf.Variable(numbered(2, 3, 4, 9 * filters))
    with tf.GradientTape() as tape:
        y = periodic_shuffle(x, 3)
    np.testing.assert_array_equal(tape.gradient(y, x, output_gradients=y), x)


@pytest.mark.parametrize(
    ("shape", "scale", "data_format", "message"),
    [
        ((1, 2, 2, 6), 2, None, r"multiple of 2 \* 2 = 4 .* Received: 6 channels"),
        ((1, 2, 2), 2, None, r"four dimensions. Received: shape \(1, 2, 2\)"),
        ((1, 2, 2, 4), 0, None, "scale=0"),
        ((1, 2, 2, 4), (2, 2, 2), None, r"scale=\(2, 2, 2\)"),
        ((1, 2, 2, 4), 1.5, None, "scale=1.5"),
        ((1, 2, 2, 4), True, None, "scale=True"),
        ((1, 2, 2, 4), "22", None, "scale='22'"),
        ((1, 2, 2, 4), 2, "NHWC", "data_format='NHWC'"),
    ],
)
def test_errors_name_the_value(shape, scale, data_format, message):
    with pytest.raises(ValueError, match=message):
        periodic_shuffle(np.zeros(shape, np.float32), scale, data_format)


def test_unknown_channels_are_refused():
    graph = tf.function(lambda x: periodic_shuffle(x, 2), autograph=False)
    with pytest.raises(ValueError, match="Received: None channels"):
        graph.get_concrete_function(tf.TensorSpec([1, 2, 2, None]))
