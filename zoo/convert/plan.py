"""Decide for every layer of a model whether and how it is converted, before the model is rebuilt."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf
from keras import layers

from zoo.arrays import Shape, places
from zoo.convert.change import Change, Exchange
from zoo.convert.choices import choose
from zoo.convert.graph import Reading
from zoo.convert.layer_twins import Names
from zoo.convert.measuring import CannotMeasureError, layer_times
from zoo.convert.pointwise import CannotConvertError
from zoo.convert.report import LayerReport
from zoo.convert.values import beyond_rounding, largest_difference, random_like, rounding
from zoo.system.whole_digits import whole_digits
from zoo.upsampling import Conv2DTranspose, SubpixelConv2D
from zoo.upsampling.arguments import Pair

# A converted layer counts as faster below this part of the original time. A smaller gain may be noise.
_MARGIN = 0.95


@dataclass(frozen=True)
class Plan:
    """Hold the changes, and a report of every layer that changes or could have changed.

    Attributes:
        changes: the layers that change.
        exchanges: the layers inside which layers change.
        reports: in the model's order.
    """

    changes: tuple[Change, ...]
    exchanges: tuple[Exchange, ...]
    reports: tuple[LayerReport, ...]

    def without(self, shared: Sequence[Any]) -> "Plan":
        """Return the plan without exchanges inside layers that cannot be copied."""
        lost = [each for each in self.exchanges if any(each.holder is layer for layer in shared)]
        names = {f"{each.path}/{layer.name}" for each in lost for layer in each.inner}
        reason = "the layer around it cannot be copied"
        reports = [replace(row, converted=False, reason=reason) if row.name in names else row for row in self.reports]
        return replace(
            self, exchanges=tuple(each for each in self.exchanges if each not in lost), reports=tuple(reports)
        )


def plan(reading: Reading, to: str, faster: bool, measure: bool, sizes_known: bool, runtime: str) -> Plan:
    """Decide for every layer of a model.

    Args:
        reading: the model.
        to: `"subpixel"`, `"layer"` or `"transpose"`.
        faster: change only layers whose other form is measured to run faster.
        measure: measure layers in any case.
        sizes_known: whether the sizes in `reading` are the model's or the caller's.
        runtime: what layers are measured in.

    Raises:
        ValueError: the other form of a layer computes something else.
    """
    names = Names(name.rsplit("/", maxsplit=1)[-1] for name in reading.paths.values())
    changes, exchanges, reports, seen = [], [], [], set()
    for graph in reading.graphs.values():
        for call in graph.calls:
            operation = call.operation
            if id(operation) in seen or id(operation) in reading.graphs:
                continue
            seen.add(id(operation))
            path, kind = reading.paths[id(operation)], type(operation).__name__
            try:
                change = choose(reading, graph, call, to, names)
            except CannotConvertError as error:
                reports.append(LayerReport(path, kind, reason=str(error)))
                continue
            if change is None:
                continue
            if isinstance(change, Exchange):
                reports += _inner_reports(change, faster)
                if not faster:
                    exchanges.append(change)
                continue
            seen.update(map(id, change.old))
            report = _report(change, reading, faster or measure, sizes_known, runtime)
            if faster and not _is_faster(report):
                reason = f"converted it takes {report.times()}, not clearly less"
                if report.difference is None:
                    reason = "this machine cannot run it, or not without its sizes, so it is not measured"
                report = replace(report, converted=False, reason=report.reason or reason)
            else:
                changes.append(change)
            reports.append(report)
    return Plan(tuple(changes), tuple(exchanges), tuple(reports))


def _inner_reports(exchange: Exchange, faster: bool) -> list[LayerReport]:
    reports = []
    for layer in exchange.inner:
        name, kind = f"{exchange.path}/{layer.name}", type(layer).__name__
        if faster:
            reports.append(LayerReport(name, kind, reason="it is inside another layer and is not measured alone"))
            continue
        large = layer.kernel_size
        small = tuple(-(-size // factor) for size, factor in zip(large, layer.strides, strict=True))
        before, after = (large, small) if exchange.kind is Conv2DTranspose else (small, large)
        reports.append(LayerReport(name, kind, True, "", (layer.name,), before, after, layer.strides))
    kept = [
        LayerReport(f"{exchange.path}/{layer.name}", type(layer).__name__, reason=reason)
        for layer, reason in exchange.kept
    ]
    return reports + kept


def _report(change: Change, reading: Reading, measure: bool, sizes_known: bool, runtime: str) -> LayerReport:
    main = next(layer for layer in change.new if isinstance(layer, SubpixelConv2D | layers.Conv2DTranspose))
    calls = [call.inputs[0].shape for call in change.calls]
    work_before = work_after = None
    # A custom layer may return a shape with unknown sizes.
    shapes_known = all(None not in shape for shape in calls)
    if sizes_known and shapes_known:
        # In all forms each entry of a kernel is multiplied once with each pixel that it takes. As usual, zeros that
        # padding layers add are not counted, and zeros that `"same"` adds inside a convolution are.
        enlarged = math.prod(change.scale) if change.after_enlarging else 1
        work_before = enlarged * sum(_work(change.main, shape) for shape in calls)
        work_after = sum(_work(main, shape) for shape in calls)
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
        kernel_before=_taps(change.main),
        kernel_after=_taps(main),
        stride=change.scale,
        multiply_adds_before=work_before,
        multiply_adds_after=work_after,
        difference=difference,
        seconds_before=before,
        seconds_after=after,
    )


def _taps(layer: layers.Layer) -> Pair:
    """Return the size of the kernel with which a layer convolves."""
    return layer.taps if isinstance(layer, Conv2DTranspose) else tuple(layer.kernel.shape[:2])


def _work(layer: layers.Layer, shape: Shape) -> int:
    if isinstance(layer, Conv2DTranspose):
        return layer.multiply_adds(shape, shape)
    return math.prod(layer.kernel.shape) * places(shape, layer.data_format)


def _difference(change: Change) -> float | None:
    x = random_like(change.calls[0].inputs[0])
    with whole_digits(), contextlib.suppress(tf.errors.OpError):
        return largest_difference(change.run_old(x), change.run_new(x))
    return None


def _is_faster(report: LayerReport) -> bool:
    return report.seconds_after is not None and report.seconds_after < _MARGIN * (report.seconds_before or 0.0)
