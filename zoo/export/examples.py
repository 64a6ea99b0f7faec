"""Make inputs of networks: random ones to compare by, and pictures to calibrate whole numbers with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from zoo.arrays import Array
from zoo.export.networks import Network
from zoo.formats.errors import ExportError
from zoo.imaging import PictureError, luma, read_picture
from zoo.imaging.pictures import Picture
from zoo.imaging.pillow_images import image_of
from zoo.upscaling.folders import find_pictures
from zoo.upscaling.jobs import reason_of

MOST_PICTURES = 100
"""The largest number of pictures of a folder that calibrating takes."""

_BATCH, _SIZES, _MOST_PIXELS = 2, (23, 34), 512 * 512


def random_inputs(specs: Sequence[tf.TensorSpec], seed: int = 0) -> list[Array]:
    """Return an input of each kind: pictures and other numbers from 0 to 1, latents from a normal distribution.

    Args:
        specs: of the inputs; a batch whose size is unknown gets two examples, another unknown size 23 or 34.
        seed: of the numbers.
    """
    generator = np.random.default_rng(seed)
    inputs = []
    for spec in specs:
        sizes = spec.shape.as_list()
        unknown = iter([_BATCH, *_SIZES * len(sizes)]) if sizes[:1] == [None] else iter(_SIZES * len(sizes))
        shape = [next(unknown) if size is None else size for size in sizes]
        if not spec.dtype.is_floating:
            inputs.append(generator.integers(0, 256 if len(shape) == 4 else 8, shape).astype(spec.dtype.as_numpy_dtype))
        elif len(shape) == 4:
            inputs.append(generator.random(shape).astype(spec.dtype.as_numpy_dtype))
        else:
            inputs.append(generator.standard_normal(shape).astype(spec.dtype.as_numpy_dtype))
    return inputs


def pictures_of(
    folder: Path, network: Network, specs: Sequence[tf.TensorSpec]
) -> tuple[list[list[Array]], tuple[str, ...]]:
    """Return pictures of a folder as a network takes them, one at a time, and why others cannot be read.

    Args:
        folder: of pictures such as the network will see; the first hundred that can be read are taken.
        network: takes one picture, in floats from 0 to 1.
        specs: of its inputs. A picture larger or smaller than a known size is resampled to it, and the middle of a
            large picture is taken.

    Raises:
        ExportError: the folder holds no pictures that can be read, or the network takes no picture.
    """
    if len(specs) != 1 or specs[0].shape.rank != 4 or not specs[0].dtype.is_floating:
        raise ExportError(f"{network.endpoint} of {network.name} takes no pictures in floats to calibrate with")
    if not folder.is_dir():
        raise ExportError(f"{folder} is not a folder of pictures")
    pictures: list[list[Array]] = []
    left_out: list[str] = []
    for path in sorted(find_pictures(folder).pictures):
        if len(pictures) == MOST_PICTURES:
            break
        try:
            pictures.append([_prepared(read_picture(path).pixels, specs[0])])
        except (PictureError, OSError) as error:
            reason = reason_of(error)
            left_out.append(reason if str(path) in reason else f"{path}: {reason}")
    if not pictures:
        broken = f": {left_out[0]}" if left_out else ""
        raise ExportError(f"{folder} holds no pictures that can be read to calibrate with{broken}")
    return pictures, tuple(left_out)


def _prepared(pixels: Array, spec: tf.TensorSpec) -> Array:
    """Return a picture as a batch of one in floats, in the size and the channels of an input."""
    _, height, width, channels = spec.shape.as_list()
    pixels = (pixels >> 8 if pixels.dtype == np.uint16 else pixels).astype(np.uint8)
    colours = pixels[..., : 3 if pixels.shape[-1] > 2 else 1]
    if height or width:
        size = (width or colours.shape[1], height or colours.shape[0])
        resized = np.asarray(image_of(Picture(colours)).resize(size))
        colours = resized.reshape(*resized.shape[:2], -1)
    colours = _middle(colours)
    if channels == 1:
        colours = luma(colours)
    elif colours.shape[-1] == 1:
        colours = np.repeat(colours, channels, -1)
    return (colours.astype(np.float32) / np.float32(255))[None]


def _middle(pixels: Array) -> Array:
    side = int(_MOST_PIXELS**0.5)
    top, left = (max(0, (size - side) // 2) for size in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]
