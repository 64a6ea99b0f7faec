"""Build the first layers of a generator: from latent numbers to features on a coarse grid."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

    from zoo.arrays import Size

COARSEST = 4


def coarse_grid(image_shape: tuple[int, int, int]) -> "tuple[Size, int]":
    """Return height and width of the grid, and the number of doublings from the grid to the image.

    Both sides are halved while they are even and the half has at least 4: 28x28 comes from 7x7 in two doublings,
    32x32 from 4x4 in three, 64x64 from 4x4 in four.

    Raises:
        ValueError: the image cannot be halved twice.
    """
    height, width, channels = image_shape
    doublings = 0
    while not height % 2 and not width % 2 and min(height, width) >= 2 * COARSEST:
        height, width, doublings = height // 2, width // 2, doublings + 1
    if doublings < 2 or channels < 1:
        raise ValueError(
            f"image_shape {tuple(image_shape)}: height and width must be multiples of 4, and at least 16; choose "
            "another image_size"
        )
    return (height, width), doublings


def check_generator(latent: int, hidden: int, filters: int) -> None:
    """Raise ValueError if the sizes of a generator cannot be built."""
    if latent < 1 or filters < 1 or hidden < 0:
        raise ValueError(f"latent {latent} and filters {filters} must be at least 1, and hidden {hidden} at least 0")


def project(
    code: "keras.KerasTensor",
    grid: "Size",
    width: int,
    hidden: int,
    mode_weight: float,
    initializer: Callable[[], Any] = lambda: "glorot_uniform",
) -> "keras.KerasTensor":
    """Return normalised features on the coarse grid that are made from latent numbers.

    The arguments are those of `project_raw`.
    """
    return normalised(project_raw(code, grid, width, hidden, mode_weight, initializer), "0")


def project_raw(
    code: "keras.KerasTensor",
    grid: "Size",
    width: int,
    hidden: int,
    mode_weight: float,
    initializer: Callable[[], Any] = lambda: "glorot_uniform",
) -> "keras.KerasTensor":
    """Return features on the coarse grid that are made from latent numbers, without normalisation.

    Args:
        code: latent numbers `(batch, latent)`.
        grid: height and width of the coarse grid.
        width: channels of the features.
        hidden: units of a layer before the projection, which also sees the mode; 0 for none.
        mode_weight: weight of the mode, see `zoo.layers.Mode`.
        initializer: makes the initialiser of each kernel.
    """
    from keras import layers

    from zoo.layers.latent_mode import Mode

    x = code
    if hidden:
        dense = layers.Dense(hidden, use_bias=False, kernel_initializer=initializer(), name="hidden")
        x = normalised(dense(Mode(mode_weight, name="mode")(x)), "_hidden")
    x = layers.Dense(math.prod(grid) * width, use_bias=False, kernel_initializer=initializer(), name="dense")(x)
    return layers.Reshape((*grid, width), name="reshape")(x)


def normalised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Return features after batch normalisation and ReLU, in layers `normal<name>` and `relu<name>`."""
    from keras import layers

    return layers.ReLU(name=f"relu{name}")(batch_normalisation(f"normal{name}")(x))


def batch_normalisation(name: str) -> "keras.layers.Layer":
    """Return a batch normalisation over the batch of all replicas."""
    from keras import layers

    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, synchronized=True, name=name)
