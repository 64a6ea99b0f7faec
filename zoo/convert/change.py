"""Hold layers of a model and the layers that replace them."""

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.convert.graph import Call
from zoo.system.keras_internals import change_class, nested_layers
from zoo.upsampling.arguments import Pair


@dataclass(frozen=True, eq=False)
class Change:
    """Hold layers and the layers that replace them.

    Attributes:
        old: the operations that are replaced, in the order of their calls. Operations between them that commute are
            not among them.
        main: the layer of `old` that holds the kernel. The new layers take its place.
        new: the new layers in order, built and with weights.
        calls: the calls of the first of `old`.
        scale: the factors by which the layers enlarge.
        after_enlarging: whether `main` runs at high resolution.
        name_bearer: a layer in place of the last of `old` that only has its name, because activations come before it.
    """

    old: tuple[Any, ...]
    main: layers.Layer
    new: tuple[layers.Layer, ...]
    calls: tuple[Call, ...]
    scale: Pair
    after_enlarging: bool = False
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


@dataclass(frozen=True, eq=False)
class Exchange:
    """Hold transposed convolutions inside a layer whose calls are not known. They get another class.

    Attributes:
        path: the holder's name after the names of the models around it.
        holder: the layer that is called in the model.
        inner: those of the layers inside it that change.
        kind: their new class, which has the attributes and weights of the old one.
        kept: other transposed convolutions inside it, each with the reason why it does not change.
    """

    path: str
    holder: layers.Layer
    inner: tuple[layers.Layer, ...]
    kind: type[layers.Conv2DTranspose]
    kept: tuple[tuple[layers.Layer, str], ...]

    def apply(self, copy: layers.Layer) -> None:
        """Change the classes of the layers inside a copy of the holder."""
        changing = {id(layer) for layer in self.inner}
        for old, new in zip(nested_layers(self.holder), nested_layers(copy), strict=True):
            if id(old) in changing:
                # A new object would have to be put in each place where the holder keeps the old one.
                change_class(new, self.kind)
