"""Build a new model from an old one with some layers in the other form.

The two models share only layers that cannot be copied.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from zoo.convert.change import Change, Exchange
from zoo.convert.copying import Sample, copied, copy_variables
from zoo.convert.graph import is_open
from zoo.system.keras_internals import nested_layers, producing_call


class Rebuilding:
    """Copy models in which some layers change. A layer that is shared stays shared.

    Args:
        changes: the layers that change.
        samples: a call of each operation whose code is not known, by its id. Its copy is used only if it does the same.
        exchanges: the layers inside which layers change.

    Attributes:
        shared: the operations that the new model shares with the old one, because they cannot be copied.
    """

    def __init__(
        self, changes: Iterable[Change], samples: Mapping[int, Sample], exchanges: Iterable[Exchange] = ()
    ) -> None:
        self.shared: list[Any] = []
        self._samples = samples
        self._exchanges = exchanges
        self._changes = {id(change.main): change for change in changes}
        self._removed: dict[int, tuple[layers.Layer, ...]] = {}
        for change in self._changes.values():
            self._removed |= {id(operation): () for operation in change.old if operation is not change.main}
            if change.name_bearer:
                self._removed[id(change.old[-1])] = (change.name_bearer,)
        self._made: dict[int, Any] = {}

    def rebuild(self, model: keras.Model) -> keras.Model:
        """Return a copy of a Functional or Sequential model with its weights and trainable flags."""
        new = self._copy(model)
        with _unchanged_flags(self.shared):
            self._set_state(model)
        for exchange in self._exchanges:
            copy = self._made[id(exchange.holder)]
            if copy is not exchange.holder:
                exchange.apply(copy)
        return new

    def results(self, operation: Any, *arguments: Any, **options: Any) -> tuple[Any, Any]:
        """Return what the old and the new model compute for a call; for several layers that change, for all of them."""
        made = self._made[id(operation)]
        if isinstance(made, Change):
            x = _only_tensor(arguments, options)
            return made.run_old(x), made.run_new(x)
        result = operation(*arguments, **options)
        return result, result if isinstance(made, tuple) else made(*arguments, **options)

    def _copy(self, operation: Any) -> Any:
        """Return the counterpart of an operation: its copy, or the Change that replaces it.

        A removed operation leaves a tuple, which is empty or holds a layer with its name.
        """
        if id(operation) not in self._made:
            if id(operation) in self._changes:
                made: Any = self._changes[id(operation)]
            elif id(operation) in self._removed:
                made = self._removed[id(operation)]
            elif is_open(operation):
                made = self._copy_model(operation)
            else:
                made = copied(operation, self._samples.get(id(operation)))
                if made is None:
                    self.shared.append(operation)
                    made = operation
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
            if isinstance(made, Change | tuple):
                chain.extend(made if isinstance(made, tuple) else made.new)
            else:
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
            elif made is not None and made is not layer and not isinstance(made, tuple):
                made.trainable = layer.trainable
                copy_variables(layer, made)


def _call(made: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(made, Change | tuple):
        return made(*arguments, **options)
    x = _only_tensor(arguments, options)
    for layer in made if isinstance(made, tuple) else made.new:
        x = layer(x)
    return x


def _only_tensor(*arguments: Any) -> Any:
    is_tensor = (keras.KerasTensor, tf.Tensor)
    (x,) = (value for value in keras.tree.flatten(arguments) if isinstance(value, is_tensor))
    return x


def _copy_input(taken: keras.KerasTensor) -> keras.KerasTensor:
    source = producing_call(taken)[0]
    optional = getattr(source, "optional", False)
    copy = keras.Input(
        batch_shape=taken.shape, dtype=taken.dtype, sparse=taken.sparse, name=source.name, optional=optional
    )
    # Keras numbers the layer and the tensor of an input without a name separately.
    copy.name = taken.name
    return copy


def _copy_flags(change: Change) -> None:
    for name in ("kernel", "bias"):
        old = getattr(change.main, name)
        for layer in change.new:
            if old is not None and getattr(layer, name, None) is not None:
                getattr(layer, name).trainable = old.trainable


@contextlib.contextmanager
def _unchanged_flags(operations: Iterable[Any]) -> Iterator[None]:
    """Restore the trainable flags of layers at the end, because the flag of a model around them sets them."""
    every = [layer for operation in operations for layer in nested_layers(operation)]
    flags = [(each, each.trainable) for layer in every for each in (layer, *layer.variables)]
    try:
        yield
    finally:
        for each, flag in flags:
            each.trainable = flag
