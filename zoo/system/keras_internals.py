"""Give names to the private interfaces of Keras and TensorFlow that this project needs, each with the reason.

They were checked with Keras 3.15.1 and TensorFlow 2.21.0. On an upgrade, `tests/zoo/system/test_keras_internals.py`
fails for each one that is gone. Importing this module loads Keras, so modules that must start quickly do not import it.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import keras
from keras.src.models.functional import Functional

if TYPE_CHECKING:
    import tensorflow as tf


def is_functional(model: Any) -> bool:
    """Return whether a model is functional and computes what its graph of calls says.

    `keras.Model(inputs, outputs)` makes such a model, but Keras exports no name for its class. So does a subclass whose
    `__init__` calls `super().__init__(inputs, outputs)`, but if it has a `call` of its own, it may compute anything.
    """
    return isinstance(model, Functional) and _calls_as(Functional, model)


def is_sequential(model: Any) -> bool:
    """Return whether a model is sequential and calls its layers one after another: a subclass may do otherwise."""
    return isinstance(model, keras.Sequential) and _calls_as(keras.Sequential, model)


def _calls_as(kind: type, model: Any) -> bool:
    methods = ("__call__", "call", "compute_output_spec")
    return all(getattr(type(model), name) is getattr(kind, name) for name in methods)


def run_through_graph(model: keras.Model, inputs: Sequence[Any], call: Callable[..., Any]) -> Any:
    """Call `call(operation, *arguments, **options)` for each operation of a functional model, in order.

    `keras.models.clone_model` has a hook for each call too, but it also copies the layers.

    Returns:
        The structure of the model's outputs, as the calls made them.
    """
    return model._run_through_graph(inputs, call_fn=call)


def producing_call(tensor: keras.KerasTensor) -> tuple[Any, list[keras.KerasTensor]]:
    """Return the operation that made a tensor of a functional model, and the tensors that it took.

    `layer.input` is defined for layers that are called once only, and not for operations that are no layers.
    """
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index].input_tensors


def change_class(layer: keras.layers.Layer, kind: type[keras.layers.Layer]) -> None:
    """Make a layer one of another class that has the same attributes and weights.

    Keras notes which arguments `call` takes when a layer is made, and would pass on `training` as before.
    """
    layer.__class__ = kind
    layer._call_signature = inspect.signature(layer.call)
    layer.call_signature_parameters = list(layer._call_signature.parameters)
    takes_training = "training" in layer.call_signature_parameters
    layer._call_has_training_arg = takes_training
    layer._call_has_context_arg["training"] = takes_training


def nested_layers(layer: Any) -> list[keras.layers.Layer]:
    """Return a layer and all layers inside it, at any depth; an empty list for an operation that is no layer.

    `model.layers` holds the outermost layers of models only. Other layers have no public list of those inside them.
    """
    return layer._flatten_layers() if isinstance(layer, keras.layers.Layer) else []


def lambda_output_shape(layer: keras.layers.Lambda) -> Any:
    """Return the argument `output_shape` that a Lambda layer was made with. Its configuration serialises functions."""
    return layer._output_shape


class SummedGradients:
    """Make an optimiser take gradients that are already summed over replicas, when mixed in before its class.

    Keras's optimisers sum gradients in a private method and offer no option to leave that out. Clipping and loss
    scaling have to see the whole gradient, so that it is summed before; a second sum would cost a message per worker.
    """

    def _all_reduce_sum_gradients(
        self, grads_and_vars: "Iterable[tuple[tf.Tensor, keras.Variable]]"
    ) -> "Iterable[tuple[tf.Tensor, keras.Variable]]":
        return grads_and_vars


class MuonWithHooks(keras.optimizers.Muon):
    """Offer private methods of Keras's Muon as public ones to override.

    Its argument `exclude_layers` only adds to the variables that are left to Adam: convolution kernels always are. It
    sees one variable at a time, so that it cannot take several together.
    """

    def leaves_to_adam(self, variable: keras.Variable) -> bool:
        """Return whether Adam updates a variable."""
        return bool(super()._should_use_adamw(variable))

    def update_matrix(self, gradient: Any, variable: keras.Variable, rate: Any, momentum: keras.Variable) -> None:
        """Update a variable that is not left to Adam."""
        super()._muon_update_step(gradient, variable, rate, momentum)

    def prepared(self, gradients: Sequence[Any], variables: Sequence[keras.Variable]) -> list[Any]:
        """Return what each variable's update gets in place of its gradient; called once per step on each replica."""
        return list(gradients)

    def momentum_of(self, variable: keras.Variable) -> keras.Variable:
        """Return the momentum that belongs to a variable."""
        return self.momentums[self._get_variable_index(variable)]

    def _backend_update_step(
        self, grads: Sequence[Any], trainable_variables: Sequence[Any], learning_rate: Any
    ) -> None:
        super()._backend_update_step(self.prepared(grads, trainable_variables), trainable_variables, learning_rate)

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return self.leaves_to_adam(variable)

    def _muon_update_step(self, gradient: Any, variable: keras.Variable, lr: Any, m: keras.Variable) -> None:
        self.update_matrix(gradient, variable, lr, m)


def slurm_hosts(nodes: str) -> list[str]:
    """Return the hosts of a list as Slurm writes it, such as `n[1-3,10]`.

    TensorFlow's own SlurmClusterResolver cannot be used (see `training.cluster.slurm`), but its parsers can.
    """
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver

    return slurm_cluster_resolver.expand_hostlist(nodes)


def slurm_tasks_per_node(counts: str) -> list[int]:
    """Return the number of tasks on each node of a list as Slurm writes it, such as `2(x3),1`."""
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver

    return slurm_cluster_resolver.expand_tasks_per_node(counts)


def litert_conversion_error() -> type[Exception]:
    """Return the class of the error that `tf.lite.TFLiteConverter` raises for a network that it cannot convert.

    TensorFlow exports no name for it, and catching every exception would hide mistakes.
    """
    from tensorflow.lite.python.convert_phase import ConverterError

    return ConverterError


def with_constants(function: Any) -> Any:
    """Return a concrete function with its variables as constants and the functions that it calls inlined.

    TensorFlow's converters do this themselves, but a graph can be rewritten only after it, and TensorFlow 2 exports no
    name for it.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function, lower_control_flow=False, aggressive_inlining=True)


def litert_schema() -> Any:
    """Return the module of classes of a LiteRT flatbuffer's parts, such as `ModelT`.

    TensorFlow generates it from LiteRT's schema, and exports no name for it.
    """
    from tensorflow.lite.python import schema_py_generated

    return schema_py_generated
