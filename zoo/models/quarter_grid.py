"""Check the images of autoencoders, whose coarse grid has a quarter of the image's height and width."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.arrays import Size


def quarter_grid(image_shape: tuple[int, int, int]) -> "Size":
    """Return a quarter of an image's height and width.

    Raises:
        ValueError: the image's height or width is no multiple of 4, or it has no channels.
    """
    height, width, channels = image_shape
    if height < 4 or width < 4 or height % 4 or width % 4 or channels < 1:
        raise ValueError(
            f"image_shape {tuple(image_shape)}: height and width must be positive multiples of 4; "
            "choose another image_size"
        )
    return height // 4, width // 4
