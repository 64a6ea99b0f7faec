"""Decide for every layer of a model whether and how it is converted, before the model is rebuilt."""

import contextlib
import math
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf
from keras import layers

from zoo.arrays import places
from zoo.convert.graph import Call, Graph, Reading
from zoo.convert.layer_twins import CannotConvertError, Names, check_activation, subpixel_layers, transpose_layers
from zoo.convert.measuring import CannotMeasureError, layer_times
from zoo.convert.patterns import framed, hand_written, shuffle_of
from zoo.convert.reasons import check_kernel, refuse_what_enlarges
from zoo.convert.report import LayerReport
from zoo.convert.values import beyond_rounding, largest_difference, random_like, rounding, whole_digits
from zoo.upsampling import SubpixelConv2D

# A converted layer counts as faster below this part of the original time. A smaller gain may be noise.
_MARGIN = 0.95


@dataclass(frozen=True, eq=False)
class Change:
    """Hold layers and the layers that replace them.

    Attributes:
        old: the operations that are replaced, in the order of their calls. Activations between a convolution and its
            shuffle are not among them.
        main: the layer of `old` that holds the kernel.
        new: the new layers in order, built and with weights.
        calls: the calls of the first of `old`.
        name_bearer: a layer in place of the last of `old` that only has its name, because activations come before it.
    """

    old: tuple[Any, ...]
    main: layers.Layer
    new: tuple[layers.Layer, ...]
    calls: tuple[Call, ...]
    name_bearer: layers.Layer | None = None

    def run_old(self, x: Any) -> Any:
        """Return the output of the old layers for a tensor."""
        for operation in self.old:
            x = operation(x)
        return x

    def run_new(self, x: Any) -> Any:
        """Return the output of the new layers for a tensor."""
        for layer in self.new:
            x = layer(x)
        return x


@dataclass(frozen=True)
class Plan:
    """Hold the changes, and a report of every layer that changes or could have changed.

    Attributes:
        changes: the layers that change.
        reports: in the model's order.
    """

    changes: tuple[Change, ...]
    reports: tuple[LayerReport, ...]


def plan(reading: Reading, to: str, faster: bool, measure: bool, sizes_known: bool, runtime: str) -> Plan:
    """Decide for every layer of a model.

    Args:
        reading: the model.
        to: `"subpixel"` or `"transpose"`.
        faster: change only layers whose other form is measured to run faster.
        measure: measure layers in any case.
        sizes_known: whether the sizes in `reading` are the model's or the caller's.
        runtime: what layers are measured in.

    Raises:
        ValueError: the other form of a layer computes something else.
    """
    names = Names(name.rsplit("/", maxsplit=1)[-1] for name in reading.paths.values())
    consider = _to_subpixel if to == "subpixel" else _to_transpose
    changes, reports, seen = [], [], set()
    for graph in reading.graphs.values():
        for call in graph.calls:
            operation = call.operation
            if id(operation) in seen or id(operation) in reading.graphs:
                continue
            seen.add(id(operation))
            path, kind = reading.paths[id(operation)], type(operation).__name__
            try:
                change = consider(reading, graph, call, names)
            except CannotConvertError as error:
                reports.append(LayerReport(path, kind, reason=str(error)))
                continue
            if change is None:
                continue
            report = _report(change, reading, faster or measure, sizes_known, runtime)
            if faster and not _is_faster(report):
                reason = f"converted it takes {report.times()}, not clearly less"
                if report.difference is None:
                    reason = "this machine cannot run it, or not without its sizes, so it is not measured"
                report = replace(report, converted=False, reason=report.reason or reason)
            else:
                changes.append(change)
            reports.append(report)
    return Plan(tuple(changes), tuple(reports))


def _to_subpixel(reading: Reading, graph: Graph, call: Call, names: Names) -> Change | None:
    layer = call.operation
    if type(layer) is layers.Conv2DTranspose:
        check_kernel(layer)
        new = subpixel_layers(layer, names)
        return Change((layer,), layer, tuple(new), tuple(reading.calls[id(layer)]))
    if isinstance(layer, layers.Conv2DTranspose):
        raise CannotConvertError(f"{type(layer).__name__} is a class of its own, whose code is not known")
    if shuffle_of(call):
        raise CannotConvertError("it is the shuffle of a sub-pixel convolution already")
    refuse_what_enlarges(call, "subpixel")
    return None


def _to_transpose(reading: Reading, graph: Graph, call: Call, names: Names) -> Change | None:
    layer = call.operation
    if type(layer) is SubpixelConv2D:
        check_activation(layer)
        match = framed(reading, graph, call)
    elif found := shuffle_of(call):
        match = hand_written(reading, graph, call, *found)
    else:
        refuse_what_enlarges(call, "transpose")
        return None
    last = match.operations[-1]
    # An operation that is no layer has a name that only the output of a model shows.
    name = last.name if isinstance(last, layers.Layer) or graph.makes_output(last) else None
    bearer = None
    if name and type(match.main) is layers.Conv2D and not graph.follows(match.main, match.operations[1]):
        bearer, name = layers.Identity(name=name, dtype=call.outputs[0].dtype), None
    new = transpose_layers(match.main, match.kernel, match.scale, match.phase_bias, names, name)
    return Change(match.operations, match.main, tuple(new), tuple(reading.calls[id(match.operations[0])]), bearer)


def _report(change: Change, reading: Reading, measure: bool, sizes_known: bool, runtime: str) -> LayerReport:
    main = next(layer for layer in change.new if isinstance(layer, SubpixelConv2D | layers.Conv2DTranspose))
    calls = [call.inputs[0].shape for call in change.calls]
    work_before = work_after = None
    # A custom layer may return a shape with unknown sizes.
    shapes_known = all(None not in shape for shape in calls)
    if sizes_known and shapes_known:
        # In both forms each entry of a kernel is multiplied once with each pixel of the input. As usual, zeros that
        # padding layers add are not counted, and zeros that `"same"` adds inside a convolution are.
        pixels = sum(places(shape, main.data_format) for shape in calls)
        work_before = math.prod(change.main.kernel.shape) * pixels
        work_after = math.prod(main.kernel.shape) * pixels
    difference = _difference(change) if shapes_known else None
    if difference is not None and difference > rounding(change.main):
        raise ValueError(beyond_rounding(reading.paths[id(change.main)], difference))
    before = after = None
    reason = ""
    if measure and difference is not None:
        old, new = (change.run_old, change.old), (change.run_new, change.new)
        try:
            before, after = layer_times(old, new, change.calls, runtime)
        except CannotMeasureError as error:
            reason = str(error)
    return LayerReport(
        reading.paths[id(change.main)],
        type(change.main).__name__,
        converted=True,
        reason=reason,
        new_layers=tuple(layer.name for layer in (*change.new, change.name_bearer) if layer),
        kernel_before=tuple(change.main.kernel.shape[:2]),
        kernel_after=tuple(main.kernel.shape[:2]),
        stride=tuple(main.scale if isinstance(main, SubpixelConv2D) else main.strides),
        multiply_adds_before=work_before,
        multiply_adds_after=work_after,
        difference=difference,
        seconds_before=before,
        seconds_after=after,
    )


def _difference(change: Change) -> float | None:
    x = random_like(change.calls[0].inputs[0])
    with whole_digits(), contextlib.suppress(tf.errors.OpError):
        return largest_difference(change.run_old(x), change.run_new(x))
    return None


def _is_faster(report: LayerReport) -> bool:
    return report.seconds_after is not None and report.seconds_after < _MARGIN * (report.seconds_before or 0.0)
