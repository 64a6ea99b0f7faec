"""Build a new model from an old one with some layers in the other form. The two models share nothing."""

import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo.convert.change import Change, Exchange
from zoo.convert.graph import is_open
from zoo.system.keras_internals import lambda_output_shape, nested_layers, producing_call


class Rebuilding:
    """Copy models in which some layers change. A layer that is shared stays shared.

    Args:
        changes: the layers that change.
        exchanges: the layers inside which layers change.
    """

    def __init__(self, changes: Sequence[Change], exchanges: Sequence[Exchange] = ()) -> None:
        self._changes = {id(change.main): change for change in changes}
        self._removed = {id(each) for change in changes for each in change.old if each is not change.main}
        self._exchanges = exchanges
        self._made: dict[int, Any] = {}

    def rebuild(self, model: keras.Model) -> keras.Model:
        """Return a copy of a Functional or Sequential model with its weights and trainable flags.

        Raises:
            ValueError: a layer cannot be copied.
        """
        new = self._copy(model)
        self._set_state(model)
        for exchange in self._exchanges:
            exchange.apply(self._made[id(exchange.holder)])
        return new

    def _copy(self, operation: Any) -> Any:
        """Return the counterpart of an operation: its copy, the Change that replaces it, or None if it is removed."""
        if id(operation) not in self._made:
            if id(operation) in self._changes:
                made: Any = self._changes[id(operation)]
            elif id(operation) in self._removed:
                made = None
            elif is_open(operation):
                made = self._copy_model(operation)
            else:
                made = _copy_operation(operation)
            self._made[id(operation)] = made
        return self._made[id(operation)]

    def _copy_model(self, model: keras.Model) -> keras.Model:
        if isinstance(model, keras.Sequential):
            return self._copy_sequential(model)
        # Keras compiles the clone of a compiled model, which fails if the loss is not serialisable, and the optimiser's
        # state does not fit it. Therefore a model over the same graph that is not compiled is cloned.
        bare = keras.Model(model.input, model.output, name=model.name)
        inputs = keras.tree.map_structure(_copy_input, model.input)
        return keras.models.clone_model(bare, inputs, clone_function=self._copy, call_function=_call)

    def _copy_sequential(self, model: keras.Sequential) -> keras.Sequential:
        (taken,) = model.inputs
        chain: list[Any] = [_copy_input(taken)]
        for layer in model.layers:
            made = self._copy(layer)
            if isinstance(made, Change):
                chain.extend(made.new)
            elif made is not None:
                chain.append(made)
        return keras.Sequential(chain, name=model.name)

    def _set_state(self, model: keras.Model) -> None:
        """Copy weights and trainable flags, outer models first, because a model's flag sets those of its layers."""
        self._made[id(model)].trainable = model.trainable
        for layer in model.layers:
            made = self._made.get(id(layer))
            if is_open(layer):
                self._set_state(layer)
            elif isinstance(made, Change):
                for new in made.new:
                    new.trainable = made.main.trainable
                _copy_flags(made)
            elif made is not None:
                made.trainable = layer.trainable
                _copy_variables(layer, made)


def _call(made: Any, *arguments: Any, **options: Any) -> Any:
    if made is None:
        return arguments[0]
    return made.run_new(*arguments) if isinstance(made, Change) else made(*arguments, **options)


def _copy_input(taken: keras.KerasTensor) -> keras.KerasTensor:
    optional = getattr(producing_call(taken)[0], "optional", False)
    return keras.Input(
        batch_shape=taken.shape, dtype=taken.dtype, sparse=taken.sparse, name=taken.name, optional=optional
    )


def _copy_operation(operation: Any) -> Any:
    if isinstance(operation, layers.Lambda):
        # A configuration holds only the code of a function, without the variables that it captured.
        return layers.Lambda(
            operation.function,
            lambda_output_shape(operation),
            operation.mask,
            dict(operation.arguments),
            name=operation.name,
            dtype=operation.dtype_policy,
            trainable=operation.trainable,
        )
    attributes = vars(operation)
    # Custom classes that the layer was made with must be known to from_config. Functions may not be serialisable.
    classes = {type(value).__name__: type(value) for value in attributes.values()}
    try:
        with keras.saving.CustomObjectScope(classes), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = operation.get_config()
            functions = {name: attributes[name] for name in config if inspect.isfunction(attributes.get(name))}
            return type(operation).from_config(config | functions)
    except Exception as error:
        raise ValueError(
            f"{operation.name}, a {type(operation).__name__}, cannot be copied: it needs a get_config and a "
            f"from_config that make it again ({str(error).splitlines()[0]})"
        ) from error


def _copy_variables(old: layers.Layer, new: layers.Layer) -> None:
    # Some inner layers, such as an activation that is a layer, are built only when they are called.
    for inner, inner_copy in zip(nested_layers(old), nested_layers(new), strict=True):
        if inner.built and not inner_copy.built:
            inner_copy.build_from_config(inner.get_build_config())
    # All variables are copied, because the state of a random layer is not among its weights.
    shapes = [[tuple(variable.shape) for variable in layer.variables] for layer in (old, new)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{old.name}, a {type(old).__name__}, cannot be copied: its copy has variables of other shapes"
        )
    for variable, copy in zip(old.variables, new.variables, strict=True):
        copy.assign(variable)
        copy.trainable = variable.trainable
    if isinstance(new, layers.Normalization):
        new.finalize_state()


def _copy_flags(change: Change) -> None:
    for name in ("kernel", "bias"):
        old = getattr(change.main, name)
        for layer in change.new:
            if old is not None and getattr(layer, name, None) is not None:
                getattr(layer, name).trainable = old.trainable
