"""Read from a network's layers which input pixels an output pixel depends on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.arrays import Reach, kernel_reach
from zoo.network.elementwise import enlarging_factor, is_elementwise
from zoo.network.layer_facts import KnowsHeldChannels, KnowsReach
from zoo.network.observed_reach import observed_reach, windows_agree

if TYPE_CHECKING:
    import keras


# Values per input pixel that are assumed of a model whose layers are not known.
_LARGE_MAP = 256


@dataclass(frozen=True)
class ReceptiveField:
    """Hold the numbers that are needed to run a network in tiles.

    Attributes:
        scale: height and width of the output per input pixel.
        halo: the most input pixels beyond its own, in any direction, that an output pixel depends on; None if it
            depends on the whole picture.
        widest: values per input pixel of the largest feature map.
        note: a sentence about what was assumed, or why the model cannot run in tiles; empty if there is nothing to say.
    """

    scale: int
    halo: int | None
    widest: int
    note: str = ""


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

    @property
    def halo(self) -> int:
        return max(0, math.ceil(-self.first / self.scale), math.ceil(self.last / self.scale))


# Along rows and along columns.
_Reaches = tuple[_Reach, _Reach]


def receptive_field(model: "keras.Model") -> ReceptiveField:
    """Return the receptive field of a functional model with one input and one output, channels last.

    A layer that states its reach (`zoo.network.KnowsReach`) is asked for it. The reach of other unknown operations is
    found by trying, and then verified: a window of a random picture must become the same as in the whole picture.

    Raises:
        ValueError: a layer that is not local or has strides; factors that differ; or the verification fails.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; it needs one")
    walk = _Walk()
    rows, columns = walk.through(model, [(_Reach(), _Reach())])
    if rows.scale != columns.scale:
        raise ValueError(f"{model.name} enlarges {rows.scale} times in height and {columns.scale} times in width")
    halo, note = max(rows.halo, columns.halo), ""
    if walk.tried:
        names = ", ".join(walk.tried)
        if not windows_agree(model, rows.scale, halo):
            raise ValueError(
                f"a part of a picture becomes something else than in the whole picture, because of {names} in "
                f"{model.name}, so that tiles would differ"
            )
        note = (
            f"nothing states how far {names} of {model.name} look; as tried, an enlarged pixel depends on {halo} "
            "pixels around its own, and tiles overlap by as many"
        )
    return ReceptiveField(rows.scale, halo, walk.widest, note)


def field_of(model: "keras.Model") -> ReceptiveField:
    """Return the receptive field of a model; with the halo None if it cannot run in tiles, and the reason as the note.

    Raises:
        ValueError: the output is not larger than the input by an integer factor that is the same for every size.
    """
    scale = _scale(model)
    try:
        return receptive_field(model)
    except ValueError as error:
        return ReceptiveField(scale, None, _LARGE_MAP, str(error))


def _scale(model: "keras.Model") -> int:
    sizes = ((16, 24), (24, 16))
    large = [tuple(model.compute_output_shape((1, *size, model.input_shape[-1]))[1:3]) for size in sizes]
    scale = int(large[0][0] // sizes[0][0])
    if not scale or large != [(scale * height, scale * width) for height, width in sizes]:
        became = " and ".join(f"{h}x{w} pixels into {a}x{b}" for (h, w), (a, b) in zip(sizes, large, strict=True))
        raise ValueError(f"{model.name} does not enlarge by an integer factor: it turns {became}")
    return scale


class _Walk:
    """Walk from a model's output back to its input, through every feature map once."""

    def __init__(self) -> None:
        self.widest = 0
        self.tried: dict[str, None] = {}

    def through(self, model: "keras.Model", inputs: Sequence[_Reaches]) -> _Reaches:
        """Return the reaches of a model's output, given those of its inputs."""
        known = {id(tensor): reaches for tensor, reaches in zip(model.inputs, inputs, strict=True)}
        return self._of(model.outputs[0], known)

    def _of(self, tensor: Any, known: dict[int, _Reaches]) -> _Reaches:
        from zoo.system.keras_internals import producing_call

        if id(tensor) not in known:
            operation, taken = producing_call(tensor)
            known[id(tensor)] = self._behind(operation, taken, tensor, [self._of(each, known) for each in taken])
            self._measure(operation, taken[0], tensor, known[id(tensor)])
        return known[id(tensor)]

    def _measure(self, operation: Any, taken: Any, made: Any, reaches: _Reaches) -> None:
        """Remember the largest feature map."""
        channels = made.shape[-1]
        if isinstance(operation, KnowsHeldChannels):
            channels = operation.held_channels(taken.shape, made.shape)
        self.widest = max(self.widest, channels * reaches[0].scale * reaches[1].scale)

    def _behind(self, operation: Any, taken: Sequence[Any], made: Any, inputs: Sequence[_Reaches]) -> _Reaches:
        import keras

        if isinstance(operation, keras.Model):
            return self.through(operation, inputs)
        merged = _merged(operation, inputs)
        reaches = _stated(operation)
        if reaches is None:
            reaches = observed_reach(operation, taken, made)
            self.tried[operation.name] = None
        return merged[0].after(*reaches[0]), merged[1].after(*reaches[1])


def _merged(operation: Any, inputs: Sequence[_Reaches]) -> list[_Reach]:
    merged = []
    for axis in range(2):
        reaches = [each[axis] for each in inputs]
        if len({each.scale for each in reaches}) != 1:
            raise ValueError(f"{operation.name} joins feature maps of different sizes")
        first, last = min(each.first for each in reaches), max(each.last for each in reaches)
        merged.append(_Reach(reaches[0].scale, first, last))
    return merged


def _stated(operation: Any) -> tuple[Reach, Reach] | None:
    """Return the reach of an operation along rows and columns, or None if nothing states it."""
    if getattr(operation, "data_format", "channels_last") != "channels_last":
        raise ValueError(
            f"{operation.name} has data_format='{operation.data_format}'; only channels_last runs in tiles"
        )
    if isinstance(operation, KnowsReach):
        return operation.reach()
    if is_elementwise(operation):
        return (1, 0, 0), (1, 0, 0)
    if factor := enlarging_factor(operation):
        return (factor, 0, 0), (factor, 0, 0)
    rows, columns = _along(operation, 0), _along(operation, 1)
    return rows and columns and (rows, columns)


def _along(layer: Any, axis: int) -> Reach | None:
    """Return the reach of one of Keras's layers along rows (0) or columns (1), or None if it is another operation."""
    from keras import layers

    reach: Reach | None = None
    match layer:
        case layers.Conv2DTranspose():
            reach = _transposed(layer, axis)
        case layers.Conv2D() | layers.DepthwiseConv2D():
            before, after = _convolved(layer, axis)
            reach = 1, -before, after
        case layers.UpSampling2D() if layer.interpolation == "nearest":
            reach = layer.size[axis], 0, 0
        case layers.ZeroPadding2D():
            reach = 1, -layer.padding[axis][0], -layer.padding[axis][0]
        case layers.Cropping2D():
            reach = 1, layer.cropping[axis][0], layer.cropping[axis][0]
        case layers.PReLU() if set(layer.shared_axes or ()) >= {1, 2}:
            reach = 1, 0, 0
        case _ if isinstance(layer, _pointwise()):
            reach = 1, 0, 0
    return reach


def _transposed(layer: Any, axis: int) -> Reach | None:
    """Return the reach of a transposed convolution: output o reads inputs (o + cut - K + 1) / r to (o + cut) / r."""
    size, stride = layer.kernel_size[axis], layer.strides[axis]
    if layer.output_padding is not None or tuple(layer.dilation_rate) != (1, 1):
        return None
    cut = max(size - stride, 0) // 2 if layer.padding == "same" else 0
    return stride, cut - size + stride, cut


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
