"""Which input pixels an output pixel of a network depends on, read from its layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReceptiveField:
    """What running a network in tiles needs to know.

    Attributes:
        scale: height and width of the output per input pixel.
        halo: input pixels beyond its own that an output pixel depends on, in the direction where they are most.
        widest: values per input pixel of the largest feature map.
    """

    scale: int
    halo: int
    widest: int


@dataclass(frozen=True)
class _Reach:
    """Pixel p of a feature map sees input pixels floor((p + first) / scale) to floor((p + last) / scale)."""

    scale: int = 1
    first: int = 0
    last: int = 0

    def widened(self, before: int, after: int) -> "_Reach":
        """That of pixels which take `before` and `after` pixels beside their own."""
        return _Reach(self.scale, self.first - before, self.last + after)

    def enlarged(self, factor: int) -> "_Reach":
        """That of `factor` pixels where there was one."""
        return _Reach(self.scale * factor, self.first * factor, self.last * factor)

    @property
    def halo(self) -> int:
        return max(0, math.ceil(-self.first / self.scale), math.ceil(self.last / self.scale))


# Rows and columns.
_Reaches = tuple[_Reach, _Reach]


def receptive_field(model: "keras.Model") -> ReceptiveField:
    """The receptive field of a functional model with one input and one output, channels last.

    Raises:
        ValueError: a layer that is not local, has strides, or is not known; or factors that differ.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; it needs one")
    walk = _Walk()
    rows, columns = walk.through(model, [(_Reach(), _Reach())])
    if rows.scale != columns.scale:
        raise ValueError(f"{model.name} enlarges {rows.scale} times in height and {columns.scale} times in width")
    return ReceptiveField(rows.scale, max(rows.halo, columns.halo), walk.widest)


class _Walk:
    """From a model's outputs back to its inputs, every feature map once."""

    def __init__(self) -> None:
        self.widest = 0

    def through(self, model: "keras.Model", inputs: Sequence[_Reaches]) -> _Reaches:
        known = {id(tensor): reaches for tensor, reaches in zip(model.inputs, inputs, strict=True)}
        return self._of(model.outputs[0], known)

    def _of(self, tensor: Any, known: dict[int, _Reaches]) -> _Reaches:
        if id(tensor) not in known:
            history = tensor._keras_history
            node = history.operation._inbound_nodes[history.node_index]
            inputs = [self._of(each, known) for each in node.input_tensors]
            known[id(tensor)] = self._after(history.operation, inputs)
            self._measure(history.operation, [tensor, *node.input_tensors], known[id(tensor)])
        return known[id(tensor)]

    def _measure(self, operation: Any, tensors: Sequence[Any], reaches: _Reaches) -> None:
        """Keep the largest map; a resize convolution also holds its input at the size of its output."""
        from zoo.upsampling import ResizeConv2D

        held = tensors if isinstance(operation, ResizeConv2D) else tensors[:1]
        values = max(tensor.shape[-1] for tensor in held) * reaches[0].scale * reaches[1].scale
        self.widest = max(self.widest, values)

    def _after(self, operation: Any, inputs: Sequence[_Reaches]) -> _Reaches:
        import keras

        if isinstance(operation, keras.Model):
            return self.through(operation, inputs)
        merged = _merged(operation, inputs)
        return _along(operation, merged[0], 0), _along(operation, merged[1], 1)


def _merged(operation: Any, inputs: Sequence[_Reaches]) -> list[_Reach]:
    merged = []
    for axis in range(2):
        reaches = [each[axis] for each in inputs]
        if len({each.scale for each in reaches}) != 1:
            raise ValueError(f"{operation.name} joins feature maps of different sizes")
        first, last = min(each.first for each in reaches), max(each.last for each in reaches)
        merged.append(_Reach(reaches[0].scale, first, last))
    return merged


def _along(layer: Any, reach: _Reach, axis: int) -> _Reach:
    """The reach behind a layer, along rows (0) or columns (1)."""
    from keras import layers

    from zoo.layers.collapsible_conv2d import CollapsibleConv2D
    from zoo.upsampling import ResizeConv2D, SubpixelConv2D

    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ValueError(f"{layer.name} has data_format='{layer.data_format}'; only channels_last runs in tiles")
    match layer:
        case SubpixelConv2D():
            after = _convolved(layer, reach, axis).enlarged(layer.scale[axis])
        case ResizeConv2D():
            factor = layer.scale[axis]
            neighbours = factor // 2 if layer.interpolation == "bilinear" else 0
            after = _convolved(layer, reach.enlarged(factor).widened(neighbours, neighbours), axis)
        case layers.Conv2DTranspose():
            raise ValueError(f"{layer.name} is a transposed convolution, whose tiles are rounded differently")
        case layers.Conv2D() | layers.DepthwiseConv2D() | CollapsibleConv2D():
            after = _convolved(layer, reach, axis)
        case layers.UpSampling2D() if layer.interpolation == "nearest":
            after = reach.enlarged(layer.size[axis])
        case layers.ZeroPadding2D():
            after = reach.widened(layer.padding[axis][0], -layer.padding[axis][0])
        case layers.Cropping2D():
            after = reach.widened(-layer.cropping[axis][0], layer.cropping[axis][0])
        case layers.PReLU() if set(layer.shared_axes or ()) >= {1, 2}:
            after = reach
        case _ if isinstance(layer, _pointwise()):
            after = reach
        case _:
            raise ValueError(f"how far {layer.name}, a {type(layer).__name__}, reaches is not known")
    return after


def _convolved(layer: Any, reach: _Reach, axis: int) -> _Reach:
    if tuple(getattr(layer, "strides", (1, 1))) != (1, 1):
        raise ValueError(f"{layer.name} has strides {layer.strides}; only networks without can run in tiles")
    span = (layer.kernel_size[axis] - 1) * tuple(getattr(layer, "dilation_rate", (1, 1)))[axis]
    if getattr(layer, "padding", "same") == "valid":
        return reach.widened(0, span)
    return reach.widened(span // 2, span - span // 2)


def _pointwise() -> tuple[type, ...]:
    """Layers whose output at a place depends on that place alone."""
    from keras import layers

    return (
        layers.InputLayer,
        layers.Activation,
        layers.ReLU,
        layers.LeakyReLU,
        layers.ELU,
        layers.Rescaling,
        layers.BatchNormalization,
        layers.Dropout,
        layers.Identity,
        layers.Add,
        layers.Subtract,
        layers.Multiply,
        layers.Average,
        layers.Concatenate,
    )
