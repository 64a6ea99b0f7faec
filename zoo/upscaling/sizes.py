"""Find the size of an enlargement that was asked for."""

from zoo.imaging.pictures import PictureError

Size = tuple[int | None, int | None]
"""Width and height in pixels; None for the one that keeps the picture's proportions."""


def final_size(width: int, height: int, scale: int, size: Size | None) -> tuple[int, int]:
    """Return width and height of a picture's enlargement.

    Args:
        width: of the picture.
        height: of the picture.
        scale: the factor of the model.
        size: as asked for; None for all that the model makes.

    Raises:
        ValueError: neither width nor height is given, or one of them is less than 1.
        PictureError: it is larger than the model makes it.
    """
    largest = width * scale, height * scale
    if size is None:
        return largest
    wide, high = size
    if (wide is None and high is None) or (wide is not None and wide < 1) or (high is not None and high < 1):
        raise ValueError(f"size={size} must be (width, height) of at least one pixel; one of them may be None")
    if wide is None:
        wide = _in_proportion(high or 1, width, height)
    if high is None:
        high = _in_proportion(wide, height, width)
    if wide > largest[0] or high > largest[1]:
        raise PictureError(
            f"a model of scale {scale} makes at most {largest[0]}x{largest[1]} pixels (width x height) of "
            f"{width}x{height}, not {wide}x{high}: interpolation beyond that would only add blur; ask for "
            "less, or take another model"
        )
    return wide, high


def remark_on_stretching(width: int, height: int, size: Size | None) -> str | None:
    """Return a sentence if both sides were asked for and change the proportions by more than rounding does."""
    wide, high = size or (None, None)
    if wide is None or high is None:
        return None
    kept = (_in_proportion(high, width, height), high), (wide, _in_proportion(wide, height, width))
    if abs(kept[0][0] - wide) <= 1 or abs(kept[1][1] - high) <= 1:
        return None
    inside = min(kept)
    return f"{width}x{height} was stretched to {wide}x{high}; {inside[0]}x{inside[1]} has its proportions"


def _in_proportion(side: int, this: int, other: int) -> int:
    """Return `side * this / other`, rounded, and at least one pixel."""
    return max(1, (2 * this * side + other) // (2 * other))
