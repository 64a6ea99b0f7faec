"""Hold layers of a model and the layers that replace them."""

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo.convert.graph import Call
from zoo.upsampling.arguments import Pair


@dataclass(frozen=True, eq=False)
class Change:
    """Hold layers and the layers that replace them.

    Attributes:
        old: the operations that are replaced, in the order of their calls. Operations between them that commute are
            not among them.
        main: the layer of `old` that holds the kernel. The new layers take its place.
        new: the new layers in order, built and with weights; the one that holds the kernel has the name of `main`.
        calls: the calls of the first of `old`.
        scale: the factors by which the layers enlarge.
        after_enlarging: whether `main` runs at high resolution.
    """

    old: tuple[Any, ...]
    main: layers.Layer
    new: tuple[layers.Layer, ...]
    calls: tuple[Call, ...]
    scale: Pair
    after_enlarging: bool = False

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
