"""Draw pictures with a published model, and write them as one PNG."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.models import parse_name
from zoo.names import LIST_PUBLISHED, PublishedName
from zoo.pretrained.load import load_pretrained, locate, published_names
from zoo.registry import Family
from zoo.system.quiet_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from zoo.arrays import Array


MOST_PICTURES = 1024
"""The largest number of pictures that are drawn at once."""

_GAP = 1


class SampleError(ValueError):
    """Report a request that cannot be drawn; the message says what can."""


def sample(name: str, count: int = 64, seed: int = 0) -> "Array":
    """Draw pictures with a published model.

    The same seed draws the same pictures; with another count, the first ones are the same up to rounding.

    Args:
        name: a published name of a generator or a variational autoencoder, such as `"dcgan_subpixel"`.
        count: from 1 to 1,024.
        seed: from 0 to 2**63 - 1.

    Returns:
        uint8 `[count, height, width, channels]`.

    Raises:
        SampleError: the model draws no pictures, or a number is out of range.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
    """
    _check(name, count, seed)
    model = load_pretrained(name)
    import numpy as np
    import tensorflow as tf

    pictures = model.sample(count=tf.constant(count), seed=tf.constant(seed, tf.int64))["image"]
    return np.asarray(tf.cast(tf.round(tf.clip_by_value(pictures, 0.0, 1.0) * 255.0), tf.uint8))


def sample_file(name: str, path: Path, count: int = 64, seed: int = 0, *, force: bool = False) -> None:
    """Write samples, arranged in rows, as one PNG; the file is complete or does not exist.

    Args:
        name: as for `sample`.
        path: the file to write, in a folder that exists.
        count: as for `sample`.
        seed: as for `sample`.
        force: replace a file that exists.

    Raises:
        SampleError: as for `sample`, or the path does not end in .png, its folder does not exist, or the file exists
            and `force` is not given.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
        OSError: the file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise SampleError(f"{path}: samples are written as PNG; end the name in .png")
    if path.is_dir() or not path.parent.is_dir():
        raise SampleError(f"{path}: {'is a folder' if path.is_dir() else f'there is no folder {path.parent}'}")
    if path.exists() and not force:
        raise SampleError(f"{path} exists; replace it with --force")
    _check(name, count, seed)
    start_tensorflow()
    from zoo.imaging.pictures import Picture
    from zoo.imaging.writing import write_picture

    write_picture(path, Picture(contact_sheet(sample(name, count, seed))))


def contact_sheet(pictures: "Array") -> "Array":
    """Arrange pictures in one picture, with about as many rows as columns and a black pixel between them.

    Args:
        pictures: uint8 `[n, h, w, c]`.

    Returns:
        uint8 `[rows * (h + 1) - 1, columns * (w + 1) - 1, c]`; places without a picture are black.
    """
    import numpy as np

    count, height, width, channels = pictures.shape
    columns = math.isqrt(count - 1) + 1
    rows = -(-count // columns)
    canvas = np.zeros((rows * columns, height + _GAP, width + _GAP, channels), np.uint8)
    canvas[:count, :height, :width] = pictures
    canvas = canvas.reshape(rows, columns, height + _GAP, width + _GAP, channels)
    whole = canvas.transpose(0, 2, 1, 3, 4).reshape(rows * (height + _GAP), columns * (width + _GAP), channels)
    return whole[:-_GAP, :-_GAP]


def _check(name: str, count: int, seed: int) -> None:
    if not 1 <= count <= MOST_PICTURES:
        raise SampleError(f"count={count} must be from 1 to {MOST_PICTURES:,}")
    if not 0 <= seed < 2**63:
        raise SampleError(f"seed={seed} must be from 0 to {2**63 - 1}")
    locate(name)
    if not _family(name).facts.draws:
        drawing = sorted({_family(each).name for each in published_names() if _family(each).facts.draws})
        raise SampleError(
            f"{name} draws no pictures; published models of {', '.join(drawing) or 'no family'} do: {LIST_PUBLISHED}"
        )


def _family(name: str) -> Family:
    return parse_name(PublishedName.parse(name).model).family
