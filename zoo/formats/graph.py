"""Rewrite the graph of a network into operations that runtimes other than TensorFlow have."""

import re
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from zoo.formats.bicubic import enlarge_by_convolution
from zoo.formats.repetition import repeated
from zoo.imaging.bicubic import SCOPE
from zoo.system.keras_internals import with_constants
from zoo.system.quiet_tensorflow import silent

_BICUBIC = re.compile(rf"(?:^|/){SCOPE}(\d+)/")
_PLACES_THEN_ROWS = [0, 1, 3, 2, 4]


def portable(function: Any) -> Any:
    """Return a function whose graph holds its weights, and standard operations in place of some forms for CPUs.

    A shuffle by a transposition, as `zoo.upsampling.periodic_shuffle` makes it, becomes DepthToSpace,
    `zoo.imaging.enlarge` a convolution and DepthToSpace, and `tf.repeat` of rows and columns ResizeNearestNeighbor.

    Args:
        function: a `tf.types.experimental.ConcreteFunction`.

    Returns:
        A concrete function that takes and returns the same tensors, as flat lists.
    """
    # TensorFlow reports on stderr the devices that it finds.
    with silent():
        frozen = with_constants(function)
    specs = [tf.TensorSpec(each.shape, each.dtype, each.op.name) for each in frozen.inputs]
    return tf.function(lambda *inputs: _copied(frozen, inputs), autograph=False).get_concrete_function(*specs)


def _copied(frozen: Any, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Call the operations of a graph again in the current graph, some of them in another form."""
    graph = tf.compat.v1.get_default_graph()
    _copy_functions(frozen.graph)
    made = {old.ref(): new for old, new in zip(frozen.inputs, inputs, strict=True)}
    for operation in frozen.graph.get_operations():
        if not operation.outputs or operation.outputs[0].ref() in made:
            continue
        forms = (form(operation, made) for form in (_shuffle, _enlargement, _repetition, _remainder))
        replaced = next((each for each in forms if each is not None), None)
        if replaced is not None:
            made[operation.outputs[0].ref()] = replaced
            continue
        copy = graph.create_op(
            operation.type,
            [made[each.ref()] for each in operation.inputs],
            [each.dtype for each in operation.outputs],
            name=operation.name,
            attrs=dict(operation.node_def.attr),
            op_def=operation.op_def,
        )
        for old, new in zip(operation.outputs, copy.outputs, strict=True):
            new.set_shape(old.shape)
            made[old.ref()] = new
    return [made[each.ref()] for each in frozen.outputs]


def _copy_functions(graph: tf.Graph) -> None:
    """Make the functions of branches and loops known to the current graph."""
    library = tf.compat.v1.GraphDef(library=graph.as_graph_def().library, versions=graph.as_graph_def().versions)
    if library.library.function:
        tf.import_graph_def(library, name="")


def _shuffle(operation: tf.Operation, made: dict[Any, tf.Tensor]) -> tf.Tensor | None:
    """Return the shuffle that ends with an operation, or None if none does."""
    transposition = _maker(operation, "Reshape", "Transpose")
    split = _maker(transposition, "Transpose", "Reshape")
    if split is None or transposition is None:
        return None
    shape, channels = split.outputs[0].shape, split.inputs[0].shape[-1:].as_list()
    order = tf.get_static_value(transposition.inputs[1])
    if shape.rank != 5 or order is None or list(order) != _PLACES_THEN_ROWS or None in shape.as_list()[3:]:
        return None
    scale, row = shape.as_list()[3:]
    large, small = operation.outputs[0].shape, split.inputs[0].shape
    if large.rank != 4 or small.rank != 4 or channels != [scale * row] or large[-1] is None or large[-1] * scale != row:
        return None
    return tf.nn.depth_to_space(made[split.inputs[0].ref()], scale)


def _maker(operation: tf.Operation | None, kind: str, source: str) -> tf.Operation | None:
    """Return what made the first input of an operation, if both are of given kinds."""
    if operation is None or operation.type != kind or operation.inputs[0].op.type != source:
        return None
    return operation.inputs[0].op


def _enlargement(operation: tf.Operation, made: dict[Any, tf.Tensor]) -> tf.Tensor | None:
    """Return the bicubic enlargement that an operation makes, or None if it makes none."""
    scope = _BICUBIC.search(operation.name)
    if not scope or operation.type not in {"ResizeBicubic", "If", "StatelessIf"} or len(operation.outputs) > 1:
        return None
    image = next((each for each in operation.inputs if each.dtype == tf.float32 and each.shape.rank == 4), None)
    return None if image is None else enlarge_by_convolution(made[image.ref()], int(scope[1]))


def _repetition(operation: tf.Operation, made: dict[Any, tf.Tensor]) -> tf.Tensor | None:
    """Return pictures with repeated rows and columns, if an operation ends that, and None if it does not."""
    found = repeated(operation)
    if found is None:
        return None
    image = made[found[0].ref()]
    sizes = zip(image.shape[1:3], tf.unstack(tf.shape(image)[1:3]), found[1], strict=True)
    size = [(known or computed) * factor for known, computed, factor in sizes]
    return tf.raw_ops.ResizeNearestNeighbor(images=image, size=size)


def _remainder(operation: tf.Operation, made: dict[Any, tf.Tensor]) -> tf.Tensor | None:
    """Return the remainder of whole numbers that an operation computes, or None if it computes none.

    In ONNX it has the sign of the dividend. A second remainder, of a positive number, is the same everywhere.
    """
    if operation.type != "FloorMod" or not operation.outputs[0].dtype.is_integer:
        return None
    dividend, divisor = (made[each.ref()] for each in operation.inputs)
    return tf.math.floormod(tf.math.floormod(dividend, divisor) + divisor, divisor)
