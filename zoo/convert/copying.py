"""Copy one operation of a model with all that it holds, or find that it can only be shared."""

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from zoo.convert.values import differ, run_operations, unchanged_states
from zoo.system.keras_internals import lambda_output_shape, nested_layers
from zoo.system.whole_digits import whole_digits

# Their configurations are known to describe them whole.
_KNOWN = ("keras.", "zoo.")


@dataclass(frozen=True)
class Sample:
    """Hold the arguments and the result of one call of an operation."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    result: Any


@whole_digits()
def samples_of_unknown(model: keras.Model, inputs: list[Any]) -> dict[int, Sample]:
    """Return a call of each operation whose code is not known, by the operation's id.

    Args:
        model: a Functional or Sequential model.
        inputs: its inputs, as tensors. If it cannot be run on them, the calls before that are returned.
    """
    samples: dict[int, Sample] = {}

    def record(operation: Any, *arguments: Any, **options: Any) -> Any:
        result = operation(*arguments, **options)
        if _is_unknown(operation):
            samples.setdefault(id(operation), Sample(arguments, options, result))
        return result

    # The model may take other numbers than random ones, and it may hold any code.
    with unchanged_states(model):
        try:
            run_operations(model, inputs, record)
        except Exception:
            return samples
    return samples


@whole_digits()
def copied(operation: Any, sample: Sample | None) -> Any:
    """Return a copy of an operation, or None if there is none that does the same.

    Args:
        operation: a layer or another Keras operation.
        sample: a call on which the copy has to return what the operation returned; None if the operation is known.
    """
    if isinstance(operation, layers.Lambda):
        return _copied_lambda(operation)
    try:
        copy = _from_config(operation)
        if sample is None:
            return copy
        if isinstance(operation, layers.Layer):
            # The first call builds the copy.
            copy(*sample.arguments, **sample.options)
            copy_variables(operation, copy)
        result = copy(*sample.arguments, **sample.options)
    except Exception:
        return None
    if not differ(operation, sample.result, result):
        return copy
    with unchanged_states(operation):
        again = operation(*sample.arguments, **sample.options)
    # If the operation itself returns other numbers each time, nothing speaks against the copy.
    return copy if differ(operation, sample.result, again) else None


def copy_variables(old: layers.Layer, new: layers.Layer) -> None:
    """Copy values and trainable flags of all variables.

    Raises:
        ValueError: the layers have variables of different shapes.
    """
    # Some inner layers, such as an activation that is a layer, are built only when they are called.
    for inner, inner_copy in zip(nested_layers(old), nested_layers(new), strict=True):
        if inner.built and not inner_copy.built:
            inner_copy.build_from_config(inner.get_build_config())
    # All variables are copied, because the state of a random layer is not among its weights.
    for variable, copy in zip(old.variables, new.variables, strict=True):
        if tuple(variable.shape) != tuple(copy.shape):
            raise ValueError(f"{variable.path} has the shape {variable.shape}, in the copy {copy.shape}")
        copy.assign(variable)
        copy.trainable = variable.trainable
    if isinstance(new, layers.Normalization):
        new.finalize_state()


def _is_unknown(operation: Any) -> bool:
    """Return whether an operation, or a layer inside it, is of a class of the user's or of another package."""
    if isinstance(operation, layers.Lambda):
        return False
    every = nested_layers(operation) or [operation]
    return any(not type(each).__module__.startswith(_KNOWN) for each in every)


def _copied_lambda(layer: layers.Lambda) -> layers.Lambda:
    # A configuration holds only the code of a function, without the variables that it captured.
    return layers.Lambda(
        layer.function,
        lambda_output_shape(layer),
        layer.mask,
        dict(layer.arguments),
        name=layer.name,
        dtype=layer.dtype_policy,
        trainable=layer.trainable,
    )


def _from_config(operation: Any) -> Any:
    attributes = vars(operation)
    # Custom classes that the layer was made with must be known to from_config. Functions may not be serialisable.
    classes = {type(value).__name__: type(value) for value in attributes.values()}
    with keras.saving.CustomObjectScope(classes), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = operation.get_config()
        functions = {name: attributes[name] for name in config if inspect.isfunction(attributes.get(name))}
        copy = type(operation).from_config(config | functions)
    # A configuration may lack the name.
    copy.name = operation.name
    return copy
