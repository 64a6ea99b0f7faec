"""Test how the open dimensions of ONNX files are called, and that files with those names run at any size."""

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from zoo.formats.onnx import onnx_runner, to_onnx
from zoo.models import build_model
from zoo.upsampling import SubpixelConv2D


def dimensions(places):
    return {
        place.name: [each.dim_param or each.dim_value for each in place.type.tensor_type.shape.dim] for place in places
    }


def converted(call, shapes, outputs):
    """Return an ONNX file's content with those outputs, and the names of the dimensions of inputs and outputs."""
    specs = [tf.TensorSpec(shape, name=name) for name, shape in shapes.items()]
    function = tf.function(call, autograph=False).get_concrete_function(*specs)
    content = to_onnx(function, names=(list(shapes), outputs))
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    return content, dimensions(model.graph.input) | dimensions(model.graph.output)


def test_a_network_that_enlarges_runs_at_any_size():
    keras.utils.set_random_seed(0)
    model = build_model("espcn_x3_subpixel", filters=4, narrow=4)
    content, names = converted(lambda x: [model(x)], {"image": (None, None, None, 1)}, ["image"])
    assert names == {
        "image": ["batch", "height", "width", 1],
        "image_output": ["batch", "enlarged_height", "enlarged_width", 1],
    }
    for shape in ((1, 9, 7, 1), (4, 12, 30, 1)):
        image = np.random.default_rng(0).random(shape, np.float32)
        np.testing.assert_allclose(onnx_runner(content, [image])()[0], model(image), atol=1e-5)


def test_each_output_is_called_by_how_its_size_follows_from_the_inputs():
    large = SubpixelConv2D(1, 3, scale=(2, 4))

    def call(x):
        cropped = x[:, : tf.shape(x)[1] // 4 * 4, :7]
        return [x + 1, large(x), tf.tile(x, [1, 4, 4, 1]), cropped, tf.reduce_mean(x, (1, 2)), x[0]]

    outputs = ["same", "large", "larger", "cropped", "mean", "first"]
    _, names = converted(call, {"image": (None, None, None, 2)}, outputs)
    assert names == {
        "image": ["batch", "height", "width", 2],
        "same": ["batch", "height", "width", 2],
        "large": ["batch", "enlarged_height", "enlarged_width", 1],
        # Its height is another multiple than that of the output before.
        "larger": ["batch", "larger_height", "enlarged_width", 2],
        # The height is rounded down, and a slice does not state its width.
        "cropped": ["batch", "cropped_height", "cropped_width", 2],
        "mean": ["batch", 2],
        "first": ["height", "width", 2],
    }


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"x": (None, 3)}, {"x": ["batch", 3], "y": ["batch", 3]}),
        ({"x": (None, 2, None, None)}, {"x": ["batch", 2, "height", "width"], "y": ["batch", 2, "height", "width"]}),
        ({"x": (2, 3, 4, 1)}, {"x": [2, 3, 4, 1], "y": [2, 3, 4, 1]}),
    ],
)
def test_other_shapes(shapes, expected):
    assert converted(lambda x: [2 * x], shapes, ["y"])[1] == expected


def test_two_pictures_may_have_different_sizes():
    shapes = {name: (None, None, None, 1) for name in ("one", "other")}
    _, names = converted(lambda *x: [x[1] + tf.reduce_mean(x[0], (1, 2), keepdims=True)], shapes, ["sum"])
    assert names["one"] == ["batch", "one_height", "one_width", 1]
    assert names["sum"] == names["other"] == ["batch", "other_height", "other_width", 1]
    # Sizes that must be equal are not, in the runs: then nothing is said of the output's.
    _, names = converted(lambda *x: [x[0] * x[1]], shapes, ["product"])
    assert names["product"] == ["product_batch", "product_height", "product_width", 1]
