"""Pictures in, bigger pictures out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import keras
    import numpy as np

    from zoo.arrays import Array
    from zoo.upscaling.enlarger import Enlarger


Tile = int | Literal["auto", "off"]

# Of a network's feature maps, of which about four of the largest are held at once.
_TILE_BYTES = 128 * 2**20
_MAPS = 4


def upscale(array: "Array", model: "str | keras.Model", *, tile: Tile = "auto") -> "Array":
    """Enlarge a picture, or a batch of them.

    A network on luma enlarges luma; chroma is enlarged bicubically, and so is transparency, after which what is
    wholly transparent still is so, and what is opaque too. A grey picture is its own luma. The result does not depend
    on `tile`, and for one RGB picture is what the model's `serve_uint8` gives; but a model with transposed convolutions
    runs as its sub-pixel equivalent, and few values of 8 bits may differ by one from the endpoint's.

    Args:
        array: uint8, uint16 in 0..65535, or float in 0..1; `[h, w]`, `[h, w, c]` or `[b, h, w, c]`, where 1, 2, 3 or 4
            channels are grey, grey and alpha, RGB, or RGB and alpha (colours not multiplied by it).
        model: a published name such as `"espcn_x3_subpixel"`, `"bicubic_x3"` to compare with, or a network on
            `(None, None, None, 1 or 3)`.
        tile: side of the tiles in pixels of `array`; `"auto"` bounds the memory of feature maps at about 128 MiB,
            `"off"` takes a whole picture at once. Tiles may become wider than asked.

    Returns:
        The same type and number of dimensions, with the factor times the height and width.

    Raises:
        UnknownNameError: no such published model, or not one that enlarges pictures.
        ValueError: an array or a network that is not as above.
        VerificationError: a published file differs from the index.
    """
    import numpy as np

    from zoo.upscaling.enlarger import enlarger

    array = np.asarray(array)
    check_array(array)
    pictures = array.reshape((-1, *_picture_shape(array)))
    chosen = enlarger(model)
    large = np.stack([enlarge_picture(picture, chosen, tile) for picture in pictures])
    return large.reshape((*array.shape[:-3], *large.shape[1 : 3 if array.ndim == 2 else 4]))


def check_array(array: "Array") -> None:
    """Raise `ValueError` for what is no picture and no batch of them."""
    import numpy as np

    shape = f"Received: shape {array.shape}, {array.dtype}"
    if array.dtype not in (np.uint8, np.uint16) and not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"upscale takes uint8, uint16, or floats in 0..1. {shape}")
    if array.ndim not in (2, 3, 4) or (array.ndim > 2 and not 1 <= array.shape[-1] <= 4):
        raise ValueError(f"upscale takes [h, w], [h, w, c] or [b, h, w, c] with 1 to 4 channels. {shape}")
    if not array.size:
        raise ValueError(f"upscale takes pictures of at least one pixel. {shape}")
    # Written so that NaN is refused too.
    if np.issubdtype(array.dtype, np.floating) and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"upscale takes floats in 0..1; divide by the largest value. Received: {array.min()} to {array.max()}"
        )


def enlarge_picture(
    picture: "Array", chosen: "Enlarger", tile: Tile = "auto", advance: Callable[[int], None] = lambda _: None
) -> "Array":
    """Enlarge one picture `[h, w, c]` of 1 to 4 channels, as `upscale` says.

    Args:
        picture: uint8, uint16, or floats in 0..1.
        chosen: what enlarges it.
        tile: as for `upscale`.
        advance: told the pixels of `picture` that each tile has done.
    """
    import numpy as np

    from zoo.imaging import enlarge_in_tiles, fill_transparent
    from zoo.upscaling.enlarger import bicubic

    height, width, channels = picture.shape
    colours = 1 if channels < 3 else 3
    large = np.empty((height * chosen.scale, width * chosen.scale, channels), picture.dtype)
    parts = [(picture[..., :colours], chosen, large[..., :colours], advance)]
    if channels > colours:
        alpha = picture[..., colours:]
        # A network's sharper edges are not worth pixels that are a little transparent where nothing should be.
        parts.append((alpha, bicubic(chosen.scale), large[..., colours:], lambda _: None))
        parts[0] = (fill_transparent(picture[..., :colours], alpha), *parts[0][1:])
    for source, means, target, told in parts:
        enlarge_in_tiles(
            source, _in_floats(means, source.dtype), means.scale, _window(source, means, tile), means.halo, target, told
        )
    return large


def _in_floats(means: "Enlarger", dtype: "np.dtype[Any]") -> "Callable[[Array], Array]":
    """Floats of any width are computed in float32."""
    import numpy as np

    if np.issubdtype(dtype, np.floating):
        return lambda window: means.run(window.astype(np.float32))
    return means.run


def _window(picture: "Array", means: "Enlarger", tile: Tile) -> tuple[int, int]:
    from zoo.imaging.tiling import window_size

    height, width = picture.shape[:2]
    pixels = _TILE_BYTES // (4 * _MAPS * means.widest)
    side = None if tile == "auto" else max(height, width) if tile == "off" else tile
    return window_size(height, width, means.halo, pixels, side)


def _picture_shape(array: "Array") -> tuple[int, ...]:
    return (*array.shape, 1) if array.ndim == 2 else array.shape[-3:]
