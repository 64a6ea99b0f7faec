"""The coarse grid from which a generator enlarges to its image."""

COARSEST = 4


def coarse_grid(image_shape: tuple[int, int, int]) -> tuple[tuple[int, int], int]:
    """Height and width of the grid, and how many doublings lead from there to the image.

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
