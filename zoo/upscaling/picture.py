"""Enlarge pictures: arrays, files and Pillow images."""

import dataclasses
import warnings
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import keras
    import numpy as np
    from PIL import Image

    from zoo.arrays import Array
    from zoo.imaging import Picture
    from zoo.upscaling.enlarger import Enlarger
    from zoo.upscaling.sizes import Size


Tile = int | Literal["auto", "off"]
"""Side of the tiles in pixels, `"auto"` to bound the memory, or `"off"` for the whole picture at once."""

# Memory for one tile's feature maps, and the number of the largest ones that are alive at once.
_TILE_BYTES = 128 * 2**20
_MAPS = 4
_FLOAT_BYTES = 4


@overload
def upscale(
    picture: "Array", model: "str | keras.Model", *, tile: Tile = "auto", size: "Size | None" = None
) -> "Array": ...


@overload
def upscale(
    picture: "str | PathLike[str] | Image.Image",
    model: "str | keras.Model",
    *,
    tile: Tile = "auto",
    size: "Size | None" = None,
    most_megapixels: float = 100.0,
) -> "Image.Image | Picture": ...


@overload
def upscale(
    picture: "Picture", model: "str | keras.Model", *, tile: Tile = "auto", size: "Size | None" = None
) -> "Picture": ...


def upscale(
    picture: Any,
    model: "str | keras.Model",
    *,
    tile: Tile = "auto",
    size: "Size | None" = None,
    most_megapixels: float = 100.0,
) -> Any:
    """Enlarge a picture, or a batch of them.

    A network on luma enlarges luma; chroma is enlarged bicubically. So is transparency, in such a way that wholly
    transparent and wholly opaque areas stay so; colours count by how opaque they are. What is flat stays flat, and a
    grey picture becomes the same pixels as its copy with three equal channels. The result does not depend on `tile`.
    For one RGB picture it equals the output of the model's endpoint `serve_uint8`, except that a model with transposed
    convolutions runs as its sub-pixel equivalent: a few 8-bit values may then differ by one.

    Args:
        picture: the path of a file, or a Pillow image, of any kind that `python -m zoo upscale` reads: palettes, CMYK,
            single bits and EXIF's orientation are understood. Or an array, uint8, uint16 in 0..65535, or float in 0..1;
            `[h, w]`, `[h, w, c]` or `[b, h, w, c]`, where 1, 2, 3 or 4 channels are grey, grey and alpha, RGB, or RGB
            and alpha (colours not multiplied by alpha). Or a `zoo.imaging.Picture`.
        model: a published name such as `"espcn_x3_subpixel"`, `"bicubic_x3"` to compare with, or a network whose
            input shape is `(None, None, None, 1 or 3)`, or the path of its `.keras` file. If nothing states how far one
            of its operations looks, this is found by trying, and a warning says so.
        tile: side of the tiles in pixels of `picture`; `"auto"` bounds the memory of feature maps at about 128 MiB,
            `"off"` takes a whole picture at once. Tiles may be larger than this. Networks that look at the whole
            picture, as for channel attention, need `"off"`.
        size: width and height of the result, one of which may be None to keep the proportions. The enlargement is then
            reduced with antialiasing, as `zoo.imaging.reduce_picture` does.
        most_megapixels: millions of pixels of the largest file that is read.

    Returns:
        For an array, an array of the same type and number of dimensions, whose height and width are multiplied by the
        model's scale or are those of `size`. For a path or a Pillow image, a Pillow image in mode L, LA, RGB or RGBA,
        upright, with its ICC profile in `info["icc_profile"]`; but if it has 16 bits, which Pillow's colours cannot
        hold, a `zoo.imaging.Picture`, which `zoo.imaging.write_picture` writes and whose `pixels` are a uint16 array.
        For a `Picture`, a `Picture`.

    Raises:
        UnknownNameError: there is no such published model, or it does not enlarge pictures.
        PictureError: the file or the Pillow image cannot be read. It is a `ValueError`.
        ValueError: the array, the network, `tile` or `size` is not as described above, or `size` is larger than what
            the model makes.
        VerificationError: a published file differs from the index.

    Examples:
        >>> zoo.upscale(np.zeros((8, 8, 3), np.uint8), "bicubic_x3").shape
        (24, 24, 3)
        >>> zoo.upscale("small.jpg", "espcn_x3_subpixel").save("large.png")
    """
    import numpy as np

    from zoo.imaging import Picture, read_picture
    from zoo.imaging.pillow_images import image_of, is_image

    if isinstance(picture, Picture):
        pixels = _upscale_array(picture.pixels, model, tile, size)
        return dataclasses.replace(picture, pixels=pixels)
    if isinstance(picture, str | PathLike) or is_image(picture):
        most_pixels = int(most_megapixels * 1e6)
        source = read_picture(picture if is_image(picture) else Path(picture), most_pixels)
        large = upscale(source, model, tile=tile, size=size)
        return image_of(large) if large.pixels.dtype == np.uint8 else large
    return _upscale_array(np.asarray(picture), model, tile, size)


def _upscale_array(array: "Array", model: "str | keras.Model", tile: Tile, size: "Size | None") -> "Array":
    """Enlarge an array as described for `upscale`."""
    import numpy as np

    from zoo.upscaling.enlarger import create_enlarger

    check_array(array)
    pictures = array.reshape((-1, *_picture_shape(array)))
    enlarger = create_enlarger(model)
    if enlarger.note and tile != "off" and enlarger.halo is not None:
        warnings.warn(enlarger.note, stacklevel=3)
    large = np.stack([enlarge_picture(picture, enlarger, tile, size=size) for picture in pictures])
    return large.reshape((*array.shape[:-3], *large.shape[1 : 3 if array.ndim == 2 else 4]))


def check_array(array: "Array") -> None:
    """Raise `ValueError` unless an array is a picture or a batch of pictures."""
    import numpy as np

    shape = f"Received: shape {array.shape}, {array.dtype}"
    if array.dtype not in (np.uint8, np.uint16) and not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"upscale takes uint8, uint16, or floats in 0..1. {shape}")
    if array.ndim not in (2, 3, 4) or (array.ndim > 2 and not 1 <= array.shape[-1] <= 4):
        raise ValueError(f"upscale takes [h, w], [h, w, c] or [b, h, w, c] with 1 to 4 channels. {shape}")
    if not array.size:
        raise ValueError(f"upscale takes pictures of at least one pixel. {shape}")
    # The condition is written so that NaN is refused too.
    if np.issubdtype(array.dtype, np.floating) and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"upscale takes floats in 0..1; divide by the largest value. Received: {array.min()} to {array.max()}"
        )


def enlarge_picture(
    picture: "Array",
    enlarger: "Enlarger",
    tile: Tile = "auto",
    advance: Callable[[int], None] = lambda _: None,
    size: "Size | None" = None,
) -> "Array":
    """Enlarge one picture `[h, w, c]` of 1 to 4 channels, as described for `upscale`.

    Args:
        picture: uint8, uint16 in 0..65535, or floats in 0..1.
        enlarger: enlarges the colours; for transparency, see `weighing_alpha`.
        tile: as for `upscale`.
        advance: called after each tile with the number of pixels of `picture` in it.
        size: as for `upscale`.

    Returns:
        `[scale * h, scale * w, c]` of the same type, or as high and wide as `size` says.

    Raises:
        ValueError: `tile` is less than 1, `size` is larger than the enlargement, or the enlarger needs the whole
            picture and `tile` is not `"off"`.
    """
    import numpy as np

    from zoo.imaging import enlarge_in_tiles, fill_transparent, reduce_picture
    from zoo.upscaling.alpha import weighing_alpha
    from zoo.upscaling.sizes import final_size

    height, width, channels = picture.shape
    final = final_size(width, height, enlarger.scale, size)
    if channels in (2, 4):
        colours, alpha = picture[..., :-1], picture[..., -1:]
        picture, enlarger = np.concatenate([fill_transparent(colours, alpha), alpha], -1), weighing_alpha(enlarger)
    large = np.empty((height * enlarger.scale, width * enlarger.scale, channels), picture.dtype)
    run, window = _accepting_floats(enlarger, picture.dtype), _window(picture, enlarger, tile)
    enlarge_in_tiles(picture, run, enlarger.scale, window, enlarger.halo or 0, large, advance)
    return reduce_picture(large, *final)


def _accepting_floats(enlarger: "Enlarger", dtype: "np.dtype[Any]") -> "Callable[[Array], Array]":
    """Return the enlarger's function, which computes floats of any width in float32."""
    import numpy as np

    if np.issubdtype(dtype, np.floating):
        return lambda window: enlarger.run(window.astype(np.float32))
    return enlarger.run


def _window(picture: "Array", enlarger: "Enlarger", tile: Tile) -> tuple[int, int]:
    """Return height and width of the windows for a choice of tiles."""
    from zoo.imaging.tiling import window_size

    height, width = picture.shape[:2]
    if enlarger.halo is None:
        if tile != "off":
            raise ValueError(f"{enlarger.note}; tile off enlarges the whole picture at once")
        return height, width
    pixels = _TILE_BYTES // (_FLOAT_BYTES * _MAPS * enlarger.largest_map)
    side = None if tile == "auto" else max(height, width) if tile == "off" else tile
    return window_size(height, width, enlarger.halo, pixels, side)


def _picture_shape(array: "Array") -> tuple[int, ...]:
    return (*array.shape, 1) if array.ndim == 2 else array.shape[-3:]
