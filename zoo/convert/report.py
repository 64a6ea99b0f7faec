"""Report what a conversion changed, for each layer and for the whole model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.upsampling.arguments import Pair

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class LayerReport:
    """Report on one layer that was converted or could not be converted.

    Attributes:
        name: of the layer, after the names of the models around it.
        kind: its class before the conversion.
        converted: whether it changed.
        reason: why it did not change; of a layer that changed, why it is not measured.
        new_layers: names of the layers that replace it.
        kernel_before: height and width of its kernel.
        kernel_after: height and width of the new kernel.
        stride: of the transposed convolution, which is the scale of the sub-pixel one.
        multiply_adds_before: for one input; None if the input's size is not known.
        multiply_adds_after: for one input after the conversion. Zeros that padding layers add are not counted.
        difference: max|a - b| / max|a| of the outputs before and after for a random input.
        seconds_before: median time of its inference, if measured.
        seconds_after: median time of the new layers' inference, if measured.
    """

    name: str
    kind: str
    converted: bool = False
    reason: str = ""
    new_layers: tuple[str, ...] = ()
    kernel_before: Pair | None = None
    kernel_after: Pair | None = None
    stride: Pair | None = None
    multiply_adds_before: int | None = None
    multiply_adds_after: int | None = None
    difference: float | None = None
    seconds_before: float | None = None
    seconds_after: float | None = None

    def times(self) -> str:
        """Return both times in words."""
        if self.seconds_before is None or self.seconds_after is None:
            return "a time not measured"
        return f"{1e3 * self.seconds_after:.3f} ms instead of {1e3 * self.seconds_before:.3f} ms"


@dataclass(frozen=True)
class ConversionReport:
    """Report on a whole conversion.

    Attributes:
        to: the form converted to.
        layers: every layer that was converted or could not be converted, in the model's order.
        multiply_adds_before: of the model for one input; None if they are not known.
        multiply_adds_after: of the new model for one input; None if they are not known.
        difference: max|a - b| / max|a| over the model's outputs for a random input; None if the model cannot be run on
            one, or returns other numbers each time.
        seconds_before: median time of the model's inference, if measured.
        seconds_after: median time of the new model's inference, if measured.
        runtime: what the times were measured in.
        shared: layers that both models hold, because they cannot be copied: training one model changes them in both.
    """

    to: str
    layers: tuple[LayerReport, ...]
    multiply_adds_before: int | None = None
    multiply_adds_after: int | None = None
    difference: float | None = None
    seconds_before: float | None = None
    seconds_after: float | None = None
    runtime: str = "tensorflow"
    shared: tuple[str, ...] = ()

    @property
    def converted(self) -> tuple[LayerReport, ...]:
        """Return the layers that changed."""
        return tuple(layer for layer in self.layers if layer.converted)

    @property
    def kept(self) -> tuple[LayerReport, ...]:
        """Return the layers that did not change, each with its reason."""
        return tuple(layer for layer in self.layers if not layer.converted)

    @property
    def has_multiply_adds(self) -> bool:
        """Return whether the multiply-adds of anything are known."""
        return self.multiply_adds_before is not None or any(row.multiply_adds_before is not None for row in self.layers)

    def table(self) -> "Table":
        """Return a table to print with rich. It does not hold the reasons."""
        from rich.table import Table

        rows: list[LayerReport | ConversionReport] = [*self.layers, self]
        measured = any(row.seconds_before is not None for row in rows)
        counted = ["multiply-adds"] if self.has_multiply_adds else []
        times = [f"milliseconds, {self.runtime}"] if measured else []
        table = Table("layer", "kernel", "stride", *counted, "difference", *times, title=f"to {self.to}")
        for layer in self.layers:
            name = layer.name if layer.converted else f"{layer.name} (kept)"
            table.add_row(name, *_sizes(layer), *_figures(layer, self.has_multiply_adds, measured))
        table.add_section()
        table.add_row("the model", "", "", *_figures(self, self.has_multiply_adds, measured))
        return table


def _sizes(layer: LayerReport) -> tuple[str, str]:
    if not layer.kernel_before or not layer.kernel_after or not layer.stride:
        return "", ""
    kernel = _by(layer.kernel_before)
    return f"{kernel} to {_by(layer.kernel_after)}" if layer.converted else kernel, _by(layer.stride)


def _figures(row: "LayerReport | ConversionReport", counted: bool, measured: bool) -> list[str]:
    is_new = not isinstance(row, LayerReport) or row.converted
    counts = [_change(row.multiply_adds_before, row.multiply_adds_after, ",d", 1, is_new)] if counted else []
    times = [_change(row.seconds_before, row.seconds_after, ".3f", 1e3, is_new)] if measured else []
    return [*counts, "" if row.difference is None or not is_new else f"{row.difference:.1e}", *times]


def _change(before: float | None, after: float | None, form: str, unit: float, is_new: bool) -> str:
    """Return a figure before and after the conversion; the latter only of what is new."""
    if before is None or after is None:
        return ""
    return f"{before * unit:{form}} to {after * unit:{form}}" if is_new else f"{before * unit:{form}}"


def _by(size: Pair) -> str:
    return f"{size[0]}x{size[1]}"
