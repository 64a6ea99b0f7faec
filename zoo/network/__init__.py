"""Measure networks: the pixels that an output pixel depends on, and the multiply-adds that are executed.

Layers of Keras are known here. A custom layer states its own facts: see `zoo.network.layer_facts`.
"""

from zoo.network.layer_facts import KnowsHeldChannels, KnowsMultiplyAdds, KnowsReach
from zoo.network.multiply_adds import (
    executed_multiply_adds,
    layer_multiply_adds,
    multiply_adds,
    super_resolution_multiply_adds,
)
from zoo.network.receptive_field import ReceptiveField, field_of, receptive_field

__all__ = [
    "KnowsHeldChannels",
    "KnowsMultiplyAdds",
    "KnowsReach",
    "ReceptiveField",
    "executed_multiply_adds",
    "field_of",
    "layer_multiply_adds",
    "multiply_adds",
    "receptive_field",
    "super_resolution_multiply_adds",
]
