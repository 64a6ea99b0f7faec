"""Read from a network's layers which input pixels an output pixel depends on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.arrays import kernel_reach
from zoo.network.layer_facts import KnowsHeldChannels, KnowsReach

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReceptiveField:
    """Hold the numbers that are needed to run a network in tiles.

    Attributes:
        scale: height and width of the output per input pixel.
        halo: the most input pixels beyond its own, in any direction, that an output pixel depends on.
        widest: values per input pixel of the largest feature map.
    """

    scale: int
    halo: int
    widest: int


@dataclass(frozen=True)
class _Reach:
    """Hold the pixels of a network's input that a feature map depends on, along one axis.

    Pixel p depends on input pixels floor((p + first) / scale) to floor((p + last) / scale).
    """

    scale: int = 1
    first: int = 0
    last: int = 0

    def after(self, scale: int, first: int, last: int) -> "_Reach":
        """Return the reach behind a layer that has a reach of its own."""
        return _Reach(self.scale * scale, self.first * scale + first, self.last * scale + last)

    def widened(self, before: int, after: int) -> "_Reach":
        """Return the reach behind an operation that reads `before` and `after` pixels beyond its own."""
        return self.after(1, -before, after)

    def enlarged(self, factor: int) -> "_Reach":
        """Return the reach after each pixel has become `factor` pixels."""
        return self.after(factor, 0, 0)

    @property
    def halo(self) -> int:
        return max(0, math.ceil(-self.first / self.scale), math.ceil(self.last / self.scale))


# Along rows and along columns.
_Reaches = tuple[_Reach, _Reach]


def receptive_field(model: "keras.Model") -> ReceptiveField:
    """Return the receptive field of a functional model with one input and one output, channels last.

    A layer that states its reach (`zoo.network.KnowsReach`) is asked for it.

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
    """Walk from a model's output back to its input, through every feature map once."""

    def __init__(self) -> None:
        self.widest = 0

    def through(self, model: "keras.Model", inputs: Sequence[_Reaches]) -> _Reaches:
        """Return the reaches of a model's output, given those of its inputs."""
        known = {id(tensor): reaches for tensor, reaches in zip(model.inputs, inputs, strict=True)}
        return self._of(model.outputs[0], known)

    def _of(self, tensor: Any, known: dict[int, _Reaches]) -> _Reaches:
        from zoo.system.keras_internals import producing_call

        if id(tensor) not in known:
            operation, taken = producing_call(tensor)
            known[id(tensor)] = self._behind(operation, [self._of(each, known) for each in taken])
            self._measure(operation, taken[0], tensor, known[id(tensor)])
        return known[id(tensor)]

    def _measure(self, operation: Any, taken: Any, made: Any, reaches: _Reaches) -> None:
        """Remember the largest feature map."""
        channels = made.shape[-1]
        if isinstance(operation, KnowsHeldChannels):
            channels = operation.held_channels(taken.shape, made.shape)
        self.widest = max(self.widest, channels * reaches[0].scale * reaches[1].scale)

    def _behind(self, operation: Any, inputs: Sequence[_Reaches]) -> _Reaches:
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
    """Return the reach behind a layer, along rows (0) or columns (1)."""
    from keras import layers

    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ValueError(f"{layer.name} has data_format='{layer.data_format}'; only channels_last runs in tiles")
    if isinstance(layer, KnowsReach):
        return reach.after(*layer.reach()[axis])
    match layer:
        case layers.Conv2DTranspose():
            raise ValueError(f"{layer.name} is a transposed convolution, whose tiles are rounded differently")
        case layers.Conv2D() | layers.DepthwiseConv2D():
            behind = reach.widened(*_convolved(layer, axis))
        case layers.UpSampling2D() if layer.interpolation == "nearest":
            behind = reach.enlarged(layer.size[axis])
        case layers.ZeroPadding2D():
            behind = reach.widened(layer.padding[axis][0], -layer.padding[axis][0])
        case layers.Cropping2D():
            behind = reach.widened(-layer.cropping[axis][0], layer.cropping[axis][0])
        case layers.PReLU() if set(layer.shared_axes or ()) >= {1, 2}:
            behind = reach
        case _ if isinstance(layer, _pointwise()):
            behind = reach
        case _:
            raise ValueError(f"how far {layer.name}, a {type(layer).__name__}, reaches is not known")
    return behind


def _convolved(layer: Any, axis: int) -> tuple[int, int]:
    """Return how many pixels before and after its own a convolution reads."""
    if tuple(layer.strides) != (1, 1):
        raise ValueError(f"{layer.name} has strides {layer.strides}; only networks without can run in tiles")
    return kernel_reach(layer.kernel_size[axis], layer.padding, tuple(layer.dilation_rate)[axis])


def _pointwise() -> tuple[type, ...]:
    """Return the layers whose output at a place depends on that place alone."""
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
