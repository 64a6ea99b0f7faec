"""Describe the layers that the benchmarks of up-samplers measure."""

from typing import NamedTuple

PHASES = ("forward", "backward")


class Row(NamedTuple):
    """Describe one layer and its input; rows with `grid` count towards the goals."""

    batch: int
    size: int
    channels: int
    filters: int
    scale: int
    kernel: int = 3
    grid: bool = False

    def __str__(self) -> str:
        return (
            f"{self.batch} x {self.size}x{self.size}, {self.channels} -> {self.filters}, "
            f"x{self.scale}, k {self.kernel}{'' if self.grid else ' *'}"
        )
