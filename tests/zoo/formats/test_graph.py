"""Test that exported graphs hold standard operations, which compute what the faster forms for CPUs compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.formats import litert, litert_contents, onnx
from zoo.formats.bicubic import enlarge_by_convolution
from zoo.formats.exporters import EXPORTERS
from zoo.formats.graph import portable
from zoo.imaging import enlarge
from zoo.upsampling import SubpixelConv2D, periodic_shuffle, shuffles_for_cpus


def draw(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


def kinds(function):
    return [operation.type for operation in function.graph.get_operations()]


@pytest.mark.parametrize("scale", [2, 3, 4, 6])
@pytest.mark.parametrize("known", [False, True])
def test_bicubic_by_convolution_is_tensorflows(scale, known):
    for height, width in ((1, 1), (1, 3), (2, 5), (3, 4), (13, 80)):
        image = draw(2, height, width, 2)
        expected = tf.image.resize(image, (scale * height, scale * width), "bicubic", antialias=False)
        spec = tf.TensorSpec(image.shape if known else (None, None, None, 2))
        graph = tf.function(lambda each: enlarge_by_convolution(each, scale), autograph=False)
        np.testing.assert_allclose(graph.get_concrete_function(spec)(image), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3])
def test_an_enlargement_is_replaced_in_a_graph(scale):
    spec = tf.TensorSpec((None, None, None, 2))
    function = tf.function(lambda image: enlarge(image, scale)).get_concrete_function(spec)
    new = portable(function)
    assert "DepthToSpace" in kinds(new)
    assert not {"ResizeBicubic", "If", "StatelessIf"} & set(kinds(new))
    image = draw(1, 5, 7, 2)
    np.testing.assert_allclose(new(tf.constant(image))[0], function(tf.constant(image)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(None, None, None, 18), (2, 4, 5, 18), (None, 4, 5, 18)])
def test_a_transposed_shuffle_becomes_the_operation_and_keeps_the_batch(shape):
    def call(x):
        with shuffles_for_cpus():
            return 2 * periodic_shuffle(x, 3)

    new = portable(tf.function(call).get_concrete_function(tf.TensorSpec(shape)))
    assert kinds(new).count("DepthToSpace") == 1
    image = draw(2, 4, 5, 18)
    np.testing.assert_array_equal(new(tf.constant(image))[0], 2 * tf.nn.depth_to_space(image, 3))
    held = litert_contents.operations(litert.to_litert(new))
    assert held["DEPTH_TO_SPACE"] == 1
    assert not {"RESHAPE", "TRANSPOSE"} & set(held)


@pytest.mark.parametrize("shape", [(None, None, None, 2), (2, 5, 7, 2)])
@pytest.mark.parametrize("factors", [(2, 2), (3, 3), (4, 1), (1, 3)])
def test_repeated_rows_and_columns_become_one_operation(shape, factors):
    def call(x):
        for axis, factor in enumerate(factors, start=1):
            x = tf.repeat(x, factor, axis) if factor > 1 else x
        return 2 * x

    new = portable(tf.function(call, autograph=False).get_concrete_function(tf.TensorSpec(shape)))
    image = draw(2, 5, 7, 2)
    expected = 2 * np.repeat(np.repeat(image, factors[0], 1), factors[1], 2)
    for exporter in EXPORTERS.values():
        content = exporter.convert(new)
        np.testing.assert_array_equal(exporter.runner(content, [image])()[0], expected)
        held = exporter.operations(content)
        assert held["RESIZE_NEAREST_NEIGHBOR"] + held["Resize"] == 1
        assert not {"TILE", "Tile"} & set(held)


def test_another_tile_stays():
    new = portable(
        tf.function(lambda x: tf.tile(x, [1, 2, 1, 1]), autograph=False).get_concrete_function(
            tf.TensorSpec((1, 2, 3, 1))
        )
    )
    assert "Tile" in kinds(new)
    image = draw(1, 2, 3, 1)
    np.testing.assert_array_equal(new(tf.constant(image))[0], np.tile(image, (1, 2, 1, 1)))


@pytest.mark.parametrize("order", [[0, 3, 1, 2, 4], [0, 1, 3, 2, 4]])
def test_other_transpositions_stay(order):
    """The second one swaps places like a shuffle, but what follows is no larger picture."""

    def call(x):
        y = tf.transpose(tf.reshape(x, [2, 4, 5, 3, 6]), order)
        return tf.reshape(y, [2, 12, 15, 2] if order[1] == 3 else [2, 12, 5, 6])

    function = tf.function(call).get_concrete_function(tf.TensorSpec((2, 4, 5, 18)))
    new = portable(function)
    assert "DepthToSpace" not in kinds(new)
    image = tf.constant(draw(2, 4, 5, 18))
    np.testing.assert_array_equal(new(image)[0], function(image))


def test_the_remainder_of_negative_numbers_is_the_same_in_onnx():
    spec = tf.TensorSpec((4,), tf.int32)
    function = tf.function(lambda x: tf.gather(tf.range(5.0), x % 5)).get_concrete_function(spec)
    content = onnx.to_onnx(function)
    (output,) = onnx.onnx_runner(content, [np.array([-7, -5, 3, 9], np.int32)])()
    np.testing.assert_array_equal(output, [3, 0, 3, 4])


@pytest.mark.parametrize("scale", [2, (1, 2), (3, 2)])
def test_scale_pairs_in_both_formats(scale):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 2), name="image")
    model = keras.Model(inputs, SubpixelConv2D(3, 3, scale)(inputs))
    image = draw(2, 5, 4, 2)
    expected = np.asarray(model(image))
    for convert, run, operations in (
        (litert.to_litert, litert.litert_runner, litert_contents.operations),
        (onnx.to_onnx, onnx.onnx_runner, onnx.operations),
    ):
        content = convert(model)
        (output,) = run(content, [image])()
        np.testing.assert_allclose(output, expected, atol=1e-6)
        held = operations(content)
        assert sum(held[name] for name in ("DEPTH_TO_SPACE", "DepthToSpace")) == (1 if scale == 2 else 0)
