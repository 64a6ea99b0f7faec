"""Read a model: which operation is called on which tensors, and the sizes of the tensors."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import KerasTensor

from zoo.system.keras_internals import is_functional, is_sequential, run_through_graph

# The size on which layers are tried if neither the model nor the caller gives one.
FALLBACK_SIZE = 32


@dataclass(frozen=True, eq=False)
class Call:
    """Hold one call of an operation.

    Attributes:
        operation: a layer or another Keras operation.
        inputs: specifications of the tensors that it takes.
        outputs: specifications of the tensors that it returns.
        plain: the operation is called with one tensor and no other argument. For one of Keras's own, `training` does
            not count.
    """

    operation: Any
    inputs: list[KerasTensor]
    outputs: list[KerasTensor]
    plain: bool


@dataclass(eq=False)
class Graph:
    """Hold the calls of a Functional or Sequential model in an order in which they can run."""

    model: keras.Model
    calls: list[Call] = field(default_factory=list)
    outputs: list[KerasTensor] = field(default_factory=list)

    def producer(self, tensor: KerasTensor) -> Call | None:
        """Return the call that makes a tensor, or None for an input."""
        return next((call for call in self.calls if any(tensor is made for made in call.outputs)), None)

    def only_consumer(self, tensor: KerasTensor) -> Call | None:
        """Return the only call that takes a tensor, or None if there are several or the tensor is an output."""
        takers = [call for call in self.calls if any(tensor is taken for taken in call.inputs)]
        is_output = any(tensor is output for output in self.outputs)
        return takers[0] if len(takers) == 1 and not is_output else None

    def makes_output(self, operation: Any) -> bool:
        """Return whether an output of the model comes from an operation."""
        made = [tensor for call in self.calls if call.operation is operation for tensor in call.outputs]
        return any(tensor is output for tensor in made for output in self.outputs)

    def follows(self, operation: Any, other: Any) -> bool:
        """Return whether another operation takes what an operation makes."""
        made = [tensor for call in self.calls if call.operation is operation for tensor in call.outputs]
        taken = [tensor for call in self.calls if call.operation is other for tensor in call.inputs]
        return any(one is another for one in made for another in taken)


class Reading:
    """Hold every graph in a model, including nested ones, for inputs of a given size.

    Attributes:
        graphs: the graphs by the id of their model, outer ones first.
        paths: by the id of an operation, its name after the names of the models around it.
        calls: by the id of an operation, its calls. If a model around it is called twice, its calls are listed twice.
        uses: by the id of an operation, the number of places in the graphs where it is called.
    """

    def __init__(self, model: keras.Model, inputs: Sequence[KerasTensor]) -> None:
        self.graphs: dict[int, Graph] = {}
        self.paths: dict[int, str] = {}
        self.calls: dict[int, list[Call]] = defaultdict(list)
        self._read(model, inputs, "")
        self.uses = Counter(id(call.operation) for graph in self.graphs.values() for call in graph.calls)

    def _read(self, model: keras.Model, inputs: Sequence[KerasTensor], path: str) -> Any:
        graph = Graph(model)
        self.graphs.setdefault(id(model), graph)

        def visit(operation: Any, *arguments: Any, **options: Any) -> Any:
            tensors = [x for x in keras.tree.flatten((arguments, options)) if isinstance(x, KerasTensor)]
            self.paths.setdefault(id(operation), f"{path}{operation.name}")
            if is_open(operation):
                result = self._read(operation, tensors, f"{path}{operation.name}/")
            else:
                result = operation.compute_output_spec(*arguments, **options)
            # Keras records `training` for its own layers even where a model does not pass it.
            own = type(operation).__module__.startswith("keras.")
            passed = [options[name] for name in options if not (own and name == "training")]
            given = [value for value in (*arguments, *passed) if value is not None]
            plain = len(given) == 1 and isinstance(given[0], KerasTensor)
            call = Call(operation, tensors, keras.tree.flatten(result), plain)
            graph.calls.append(call)
            self.calls[id(operation)].append(call)
            return result

        result = call_operations(model, inputs, visit)
        graph.outputs = keras.tree.flatten(result)
        return result


def call_operations(model: keras.Model, inputs: Sequence[Any], call: Callable[..., Any]) -> Any:
    """Return the outputs of a Functional or Sequential model for which `call(operation, ...)` makes each call."""
    if not isinstance(model, keras.Sequential):
        return run_through_graph(model, inputs, call)
    result = inputs[0]
    for layer in model.layers:
        result = call(layer, result)
    return result


def is_open(operation: Any) -> bool:
    """Return whether an operation is a model whose calls can be read: Functional or Sequential, without other code."""
    return is_sequential(operation) or is_functional(operation)


def input_specifications(model: keras.Model, input_shape: Any = None) -> tuple[list[KerasTensor], bool]:
    """Return specifications of a model's inputs, with unknown sizes filled in.

    Args:
        model: a built model.
        input_shape: a shape without the batch, or one for each input in order. None fills in a fallback.

    Returns:
        The specifications, and whether all sizes are the model's or the caller's, rather than the fallback.

    Raises:
        ValueError: the shape does not fit the model.
    """
    inputs: list[KerasTensor] = model.inputs
    given: list[Sequence[int] | None] = [None] * len(inputs)
    if input_shape is not None:
        shapes = [input_shape] if all(isinstance(size, int) for size in input_shape) else list(input_shape)
        if len(shapes) != len(inputs):
            raise ValueError(
                f"{model.name} has {len(inputs)} inputs, {', '.join(x.name for x in inputs)}: give a shape for each. "
                f"Received: input_shape={input_shape!r}"
            )
        given = shapes
    filled = [_filled(x, shape) for x, shape in zip(inputs, given, strict=True)]
    known = input_shape is not None or all(None not in x.shape[1:] for x in inputs)
    return [KerasTensor(shape, dtype=x.dtype) for x, shape in zip(inputs, filled, strict=True)], known


def _filled(x: KerasTensor, given: Sequence[int] | None) -> tuple[int, ...]:
    batch, *declared = x.shape
    sizes = declared if given is None else list(given)
    fits = len(sizes) == len(declared) and all(
        size is None or (size > 0 and known in (None, size)) for size, known in zip(sizes, declared, strict=True)
    )
    if not fits:
        raise ValueError(
            f"input_shape={_written(sizes)} does not fit the input {x.name}, which takes {_written(declared)} without "
            "the batch: give a number for each, such as --input-shape 64,64,3"
        )
    return (batch or 1, *(FALLBACK_SIZE if size is None else size for size in sizes))


def _written(shape: Iterable[int | None]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"
