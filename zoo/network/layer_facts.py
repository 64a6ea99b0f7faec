"""Define the facts that a custom layer states about itself, so that networks with that layer can be measured.

A layer needs no base class and no registration: a method of the right name is enough. `zoo.upsampling` and `zoo.layers`
state their facts in this way, and so can a layer in a user's own file.
"""

from typing import Protocol, runtime_checkable

from zoo.arrays import Reach, Shape


@runtime_checkable
class KnowsMultiplyAdds(Protocol):
    """Describe a layer that counts the multiply-adds of one call."""

    def multiply_adds(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the multiply-adds that are executed for one example.

        Args:
            input_shape: of the input, with the batch.
            output_shape: of the output, with the batch.

        Raises:
            ValueError: they depend on a size that is not known.
        """


@runtime_checkable
class KnowsReach(Protocol):
    """Describe a layer that knows which input pixels an output pixel depends on."""

    def reach(self) -> tuple[Reach, Reach]:
        """Return the reach along rows and along columns, as `zoo.arrays.Reach` defines it.

        Raises:
            ValueError: an output pixel depends on more than the pixels near it, so that tiles would differ.
        """


@runtime_checkable
class KnowsHeldChannels(Protocol):
    """Describe a layer that holds a larger feature map than its output while it runs."""

    def held_channels(self, input_shape: Shape, output_shape: Shape) -> int:
        """Return the channels of the largest feature map that is held at the output's height and width."""
