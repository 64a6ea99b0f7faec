"""Facts about a network: how far its pixels see, and how many multiply-adds it executes."""

from zoo.network.multiply_adds import (
    executed_multiply_adds,
    layer_multiply_adds,
    multiply_adds,
    super_resolution_multiply_adds,
)
from zoo.network.receptive_field import ReceptiveField, receptive_field

__all__ = [
    "ReceptiveField",
    "executed_multiply_adds",
    "layer_multiply_adds",
    "multiply_adds",
    "receptive_field",
    "super_resolution_multiply_adds",
]
