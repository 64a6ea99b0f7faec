"""Each private interface of Keras and TensorFlow that is used still exists and does what it is used for."""

import ast
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from zoo.convert.pointwise import POINTWISE_OPERATIONS
from zoo.convert.shuffles import MOVING_OPERATIONS
from zoo.network.elementwise import ELEMENTWISE_OPERATIONS
from zoo.system import keras_internals

ROOT = Path(__file__).resolve().parents[3]
USED = [path for folder in ("zoo", "training", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")]


@pytest.fixture
def model():
    image = keras.Input((4, 4, 2), name="image")
    x = layers.Conv2D(3, 1, name="first")(image)
    return keras.Model(image, layers.Add(name="sum")([x, ops.relu(x)]))


def test_models_that_compute_what_their_graph_says_are_known(model):
    class Backbone(keras.Model):
        """A graph with a name."""

    class Doubled(Backbone):
        def call(self, inputs):
            return 2 * super().call(inputs)

    class Stack(keras.Sequential):
        """Layers with a name."""

    class Reversed(Stack):
        def call(self, inputs):
            return inputs[::-1]

    stack = [keras.Input((2,)), layers.Dense(1)]
    functional = [model, Backbone(model.input, model.output)]
    sequential = [keras.Sequential(stack), Stack(stack)]
    neither = [Doubled(model.input, model.output), Reversed(stack), layers.Dense(1)]
    found = [(keras_internals.is_functional(each), keras_internals.is_sequential(each)) for each in functional]
    assert found == [(True, False)] * 2
    found = [(keras_internals.is_functional(each), keras_internals.is_sequential(each)) for each in sequential]
    assert found == [(False, True)] * 2
    assert not any(keras_internals.is_functional(each) or keras_internals.is_sequential(each) for each in neither)


def test_operations_are_called_in_order(model):
    names = []

    def call(operation, *arguments, **options):
        names.append(operation.name)
        return operation.compute_output_spec(*arguments, **options)

    made = keras_internals.run_through_graph(model, [keras.KerasTensor((1, 4, 4, 2))], call)
    assert [names[0], names[-1], len(names)] == ["first", "sum", 3]
    assert made.shape == (1, 4, 4, 3)


def test_the_producing_call_of_a_tensor_is_found(model):
    operation, (first, second) = keras_internals.producing_call(model.output)
    assert operation is model.get_layer("sum")
    assert keras_internals.producing_call(first)[0] is model.get_layer("first")
    activation, taken = keras_internals.producing_call(second)
    assert type(activation).__name__ == "Relu"
    assert taken == [first]
    assert keras_internals.producing_call(model.input)[0].name == "image"


def test_layers_inside_layers_are_found(model):
    outer = layers.TimeDistributed(layers.Dense(2, name="inner"))
    assert [layer.name for layer in keras_internals.nested_layers(outer)] == [outer.name, "inner"]
    assert [layer.name for layer in keras_internals.nested_layers(model)[1:]] == ["image", "first", "sum"]
    assert keras_internals.nested_layers(keras_internals.producing_call(model.output)[1][1]) == []


def test_a_layer_of_another_class_gets_the_arguments_that_it_takes():
    class Told(layers.ReLU):
        def call(self, inputs, training=None):
            return inputs + 1.0 if training else super().call(inputs)

    layer = layers.ReLU()
    keras_internals.change_class(layer, Told)
    in_time = layers.TimeDistributed(layer)
    x = tf.zeros((1, 2, 3))
    assert (np.asarray(in_time(x, training=True)) == 1).all()
    keras_internals.change_class(layer, layers.ReLU)
    assert (np.asarray(layers.TimeDistributed(layer)(x, training=True)) == 0).all()


def test_a_lambda_keeps_its_output_shape():
    assert keras_internals.lambda_output_shape(layers.Lambda(abs, output_shape=(3,))) == (3,)


def test_summed_gradients_are_not_summed_again(monkeypatch):
    class Plain(keras_internals.SummedGradients, keras.optimizers.SGD):
        """SGD for summed gradients."""

    calls = []
    base = next(each for each in keras.optimizers.SGD.__mro__ if "_all_reduce_sum_gradients" in vars(each))
    monkeypatch.setattr(base, "_all_reduce_sum_gradients", lambda self, pairs: calls.append(self) or pairs)
    for optimiser in (Plain(1.0), keras.optimizers.SGD(1.0)):
        variable = keras.Variable([1.0, 2.0])
        optimiser.build([variable])
        strategy = tf.distribute.get_strategy()
        strategy.run(lambda o=optimiser, v=variable: o.apply_gradients([(tf.ones(2), v)]))
        np.testing.assert_array_equal(variable, [0.0, 1.0])
    assert [type(each) for each in calls] == [keras.optimizers.SGD]


def test_muon_asks_its_hooks():
    class Half(keras_internals.MuonWithHooks):
        """Leave nothing to Adam but vectors; halve every matrix."""

        def leaves_to_adam(self, variable):
            assert super().leaves_to_adam(variable) == (len(variable.shape) != 2)
            return len(variable.shape) == 1

        def update_matrix(self, gradient, variable, rate, momentum):
            variable.assign(variable / 2)

    kernel, matrix, vector = (keras.Variable(np.ones(shape, np.float32)) for shape in [(1, 2, 2, 2), (2, 2), (2,)])
    optimiser = Half(0.5, weight_decay=None, adam_weight_decay=None)
    optimiser.build([kernel, matrix, vector])
    optimiser.apply([tf.ones(each.shape) for each in (kernel, matrix, vector)])
    np.testing.assert_array_equal(kernel, np.full((1, 2, 2, 2), 0.5))
    np.testing.assert_array_equal(matrix, np.full((2, 2), 0.5))
    assert np.all(np.asarray(vector) < 1) and not np.any(np.asarray(vector) == 0.5)
    own, plain = (keras.Variable(np.eye(3, 2, dtype=np.float32)) for _ in range(2))
    for kind, variable in ((keras_internals.MuonWithHooks, own), (keras.optimizers.Muon, plain)):
        optimiser = kind(0.1)
        optimiser.build([variable])
        optimiser.apply([tf.ones((3, 2))])
    np.testing.assert_array_equal(own, plain)


def test_slurms_lists_are_parsed():
    assert keras_internals.slurm_hosts("n[1-3,10],m2") == ["n1", "n2", "n3", "n10", "m2"]
    assert keras_internals.slurm_tasks_per_node("2(x3),1") == [2, 2, 2, 1]


def test_the_error_of_litert_is_raised_for_an_operation_that_it_does_not_have():
    graph = tf.function(lambda x: tf.raw_ops.ResizeBicubic(images=x, size=[8, 8])).get_concrete_function(
        tf.TensorSpec((1, 4, 4, 1))
    )
    with pytest.raises(keras_internals.litert_conversion_error()):
        tf.lite.TFLiteConverter.from_concrete_functions([graph]).convert()


@pytest.mark.parametrize(
    "name", sorted({*POINTWISE_OPERATIONS, *MOVING_OPERATIONS, *ELEMENTWISE_OPERATIONS, "DepthToSpace"})
)
def test_operations_have_the_names_that_are_known(name):
    assert any(hasattr(module, name) for module in _modules_of_operations())


def test_what_computes_each_number_from_one_is_elementwise():
    assert set(POINTWISE_OPERATIONS) <= ELEMENTWISE_OPERATIONS


def _modules_of_operations():
    return [sys.modules[f"keras.src.ops.{name}"] for name in ("nn", "numpy", "math")]


def test_no_other_file_uses_a_private_interface():
    modules = ("keras.src", "tensorflow.python", "tensorflow.lite.python", "tensorflow.core", "tensorflow.compiler")
    objects = (keras.Model, keras.KerasTensor, keras.optimizers.Muon, keras.Variable, layers.Lambda(abs))
    attributes = {"_keras_history", "_inbound_nodes", "_outbound_nodes"}.union(*map(dir, objects))
    attributes = {name for name in attributes if name.startswith("_") and not name.startswith("__")}
    found = []
    for path in USED:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            uses = [name for name in names if name.startswith(modules)]
            if isinstance(node, ast.Attribute) and node.attr in attributes:
                owner = node.value.id if isinstance(node.value, ast.Name) else ""
                uses += [] if owner in ("self", "cls") else [node.attr]
            found += [(path.relative_to(ROOT).as_posix(), use) for use in uses]
    assert {file for file, _ in found} == {"zoo/system/keras_internals.py"}, found
    assert {use for _, use in found} > {"_keras_history", "_flatten_layers", "keras.src.models.functional"}


def test_starting_quickly_does_not_load_it():
    code = "import sys, zoo, training; zoo.list_models(); assert 'zoo.system.keras_internals' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
