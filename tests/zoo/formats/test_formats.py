"""Test that exported networks compute what the Keras models compute, and that errors name what is missing."""

import importlib.util
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.stubs import module
from zoo.export import EXPORTERS, ExportError, MissingPackageError
from zoo.formats.litert import interpreter_of, litert_runner, to_litert
from zoo.formats.onnx import onnx_runner, to_onnx
from zoo.models import build_model


def two_in_two_out() -> keras.Model:
    """Return a model whose two inputs have equal shapes, so that only their order distinguishes them."""
    inputs = [keras.Input(batch_shape=(1, 6, 5, 2)) for _ in range(2)]
    difference = inputs[0] - 2 * inputs[1]
    return keras.Model(inputs, [difference, keras.layers.Conv2D(3, 3, padding="same")(difference)])


def draw(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.random(shape, np.float32) for shape in shapes]


@pytest.mark.parametrize("upsampler", ["subpixel", "transpose", "resize"])
@pytest.mark.parametrize(("family", "shape"), [("ae", (2, 28, 28, 1)), ("espcn_x3", (1, 9, 11, 1))])
def test_litert_computes_what_the_model_computes(family, upsampler, shape):
    keras.utils.set_random_seed(0)
    model = build_model(f"{family}_{upsampler}")
    (image,) = draw(shape)
    (output,) = litert_runner(to_litert(model, [tf.TensorSpec(shape)]), [image])()
    np.testing.assert_allclose(output, np.asarray(model(image)), atol=1e-5)
    assert np.std(output) > 1e-4


def test_litert_takes_any_size_from_one_flatbuffer():
    keras.utils.set_random_seed(0)
    model = build_model("espcn_x2_subpixel", filters=4, narrow=4)
    content = to_litert(model)
    for image in draw((1, 5, 6, 1), (2, 8, 7, 1)):
        (output,) = litert_runner(content, [image])()
        np.testing.assert_allclose(output, np.asarray(model(image)), atol=1e-5)


def test_litert_keeps_the_order_of_inputs_and_outputs():
    keras.utils.set_random_seed(0)
    model = two_in_two_out()
    inputs = draw(*[(1, 6, 5, 2)] * 2)
    outputs = litert_runner(to_litert(model), inputs)()
    for output, expected in zip(outputs, model(inputs), strict=True):
        np.testing.assert_allclose(output, np.asarray(expected), atol=1e-5)


def test_litert_takes_a_concrete_function():
    variable = tf.Variable([[2.0, 3.0]])
    function = tf.function(lambda x: x * variable).get_concrete_function(tf.TensorSpec((1, 2)))
    interpreter = interpreter_of(to_litert(function), [np.array([[5.0, 7.0]], np.float32)])
    interpreter.invoke()
    place = interpreter.get_output_details()[0]["index"]
    np.testing.assert_array_equal(interpreter.get_tensor(place), [[10.0, 21.0]])


def test_a_flatbuffer_holds_the_weights():
    model = build_model("espcn_x3_subpixel")
    assert len(to_litert(model, [tf.TensorSpec((1, 8, 8, 1))])) > 4 * model.count_params()


def test_an_operation_that_litert_does_not_have_is_named_in_one_line():
    function = tf.function(lambda x: tf.raw_ops.Igamma(a=x, x=x)).get_concrete_function(tf.TensorSpec((2,)))
    with pytest.raises(ExportError, match=r"^LiteRT does not take this network: \w") as raised:
        to_litert(function)
    assert "\n" not in str(raised.value)


def test_onnx_runtime_gets_the_inputs_in_order(monkeypatch):
    places = [SimpleNamespace(name="b", shape=[2]), SimpleNamespace(name="a", shape=[2])]

    class Session:
        def __init__(self, content, options, providers):
            assert (content, providers) == (b"content", ["CPUExecutionProvider"])
            assert options.intra_op_num_threads >= 1

        get_inputs = staticmethod(lambda: places)

        def run(self, names, feed):
            assert names is None
            return [feed["b"] - feed["a"]]

    runtime = module("onnxruntime", SessionOptions=SimpleNamespace, InferenceSession=Session)
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    (output,) = onnx_runner(b"content", [np.array([5.0, 6.0]), np.array([1.0, 2.0])])()
    np.testing.assert_array_equal(output, [4.0, 4.0])


def test_onnx_computes_what_the_model_computes():
    keras.utils.set_random_seed(0)
    model = two_in_two_out()
    inputs = draw(*[(1, 6, 5, 2)] * 2)
    outputs = onnx_runner(to_onnx(model), inputs)()
    for output, expected in zip(outputs, model(inputs), strict=True):
        np.testing.assert_allclose(output, np.asarray(expected), atol=1e-5)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: onnx_runner(b"", []),
            "running ONNX models needs onnxruntime: pip install '.[export]' in the folder of this project",
        ),
        (
            lambda: to_onnx(two_in_two_out()),
            "converting to ONNX needs tf2onnx: pip install '.[export]' in the folder of this project",
        ),
    ],
)
def test_a_missing_package_is_named(monkeypatch, act, message):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as raised:
        act()
    assert str(raised.value) == message
    assert EXPORTERS["onnx"].missing() == ["onnxruntime", "tf2onnx"]


def test_an_onnx_output_keeps_its_shape_when_identities_are_removed_first(monkeypatch):
    from tf2onnx import optimizer

    # Whether tf2onnx removes the identity at an output before or after it squeezes there depends on memory addresses.
    first = optimizer.OrderedDict(sorted(optimizer._optimizers.items(), key=lambda item: item[0] != "remove_identity"))
    monkeypatch.setattr(optimizer, "_optimizers", first)
    model = build_model("espcn_x3_subpixel", filters=4, narrow=4)
    (image,) = draw((2, 5, 6, 1))
    (output,) = onnx_runner(to_onnx(model), [image])()
    np.testing.assert_allclose(output, np.asarray(model(image)), atol=1e-5)
