"""Make pictures of low and high resolution for super-resolution, on all cores, and keep them for the next training."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from training.data.cache import CACHED_FROM, cache_folder
from zoo.imaging import cropped, degrade, luma

REDUCED = (0.9, 0.8, 0.7, 0.6)
"""Sizes of the reduced copies of training pictures (Dong et al. 2016, arXiv:1608.00367, section 4.1)."""
_ARRAYS = ("high", "low", "sizes")
_FORMAT = 1
"""Part of the key of kept pairs. It changes whenever other pixels would be made of the same files."""

if TYPE_CHECKING:
    import tensorflow as tf

_Copies = list[tuple[np.ndarray, np.ndarray]]
"""A picture and its reduced copies, each at high and at low resolution."""


@dataclass(frozen=True)
class Pairs:
    """Hold pictures of any size at high and at low resolution, one after the other.

    Attributes:
        scale: factor between low and high resolution.
        high: pixels of high resolution, uint8 [n * scale**2, channels].
        low: pixels of low resolution, uint8 [n, channels].
        sizes: height and width of every picture at low resolution, int64 [pictures, 2].
    """

    scale: int
    high: np.ndarray
    low: np.ndarray
    sizes: np.ndarray

    @property
    def channels(self) -> int:
        """Return 1 for luma, 3 for RGB."""
        return int(self.high.shape[1])


def make_pairs(pictures: Iterable[np.ndarray], scale: int, *, channels: int = 1, reduced: bool = False) -> Pairs:
    """Return the pairs of pictures, uint8 [h, w, 1 or 3].

    Args:
        pictures: of any size; those that are smaller than `scale` are left out.
        scale: factor between low and high resolution.
        channels: 1 takes the luma of the pictures; 3 makes grey ones RGB.
        reduced: also make pairs of copies of the pictures of the `REDUCED` sizes.
    """
    sizes = (1.0, *REDUCED) if reduced else (1.0,)

    def of_one(picture: np.ndarray) -> _Copies:
        # The luma of a picture is reduced instead of the picture, at a third of the work.
        picture, found = with_channels(picture, channels), _Copies()
        for size in sizes:
            copy = _resized(picture, size)
            if min(copy.shape[:2]) >= scale:
                high = cropped(copy, scale)
                found.append((high, degrade(high, scale)))
        return found

    highs: list[np.ndarray] = []
    lows: list[np.ndarray] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in _in_order(pool, of_one, pictures):
            for high, low in found:
                highs.append(high)
                lows.append(low)
    low_sizes = np.array([low.shape[:2] for low in lows], np.int64).reshape(-1, 2)
    return Pairs(scale, _joined(highs, channels), _joined(lows, channels), low_sizes)


def cached_pairs(
    pictures: Iterable[np.ndarray], scale: int, *, key: str, channels: int = 1, reduced: bool = False
) -> Pairs:
    """Return the pairs of pictures as `make_pairs` does, from an earlier call if there was one.

    Large sets are kept below `cache_folder`; whoever needs the space may remove it.

    Args:
        pictures: as for `make_pairs`; they are read only if the pairs have to be made.
        scale: see `make_pairs`.
        key: names the contents of the pictures and their choice.
        channels: see `make_pairs`.
        reduced: see `make_pairs`.
    """
    import tensorflow as tf

    text = f"{_FORMAT} {key} {scale} {channels} {reduced} {Image.__version__} {tf.__version__}"
    folder = cache_folder() / "pairs" / hashlib.sha256(text.encode()).hexdigest()[:16]
    if kept := _kept(folder, scale):
        return kept
    pairs = make_pairs(pictures, scale, channels=channels, reduced=reduced)
    if len(pairs.high) >= CACHED_FROM:
        # Nothing is lost where they cannot be kept: on a full disk, or where another training was first.
        with contextlib.suppress(OSError):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as temporary:
                for name in _ARRAYS:
                    np.save(Path(temporary) / f"{name}.npy", getattr(pairs, name))
                shutil.rmtree(folder, ignore_errors=True)
                Path(temporary).rename(folder)
                Path(temporary).mkdir()
    # Mapped from their file they take no memory of their own.
    return _kept(folder, scale) or pairs


def _kept(folder: Path, scale: int) -> Pairs | None:
    """Return the pairs in a folder, or None where there are none or a crash has cut a file short."""
    try:
        return Pairs(scale, *(np.load(folder / f"{name}.npy", mmap_mode="c") for name in _ARRAYS))
    except (OSError, ValueError):
        return None


def shared_tensor(array: np.ndarray) -> tf.Tensor:
    """Return a tensor on the processor, which shares the memory of the array if that is possible.

    Copying gigabytes takes seconds. TensorFlow shares only memory that is aligned to 64 bytes, as mapped files are.
    """
    import tensorflow as tf

    if array.flags.writeable and array.flags.c_contiguous and array.ctypes.data % 64 == 0:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


def with_channels(picture: np.ndarray, channels: int) -> np.ndarray:
    """Return the luma of a picture for 1 channel, or its RGB values for 3."""
    if channels == 1:
        return luma(picture)
    return np.repeat(picture, 3, axis=-1) if picture.shape[-1] == 1 else picture


def _resized(picture: np.ndarray, size: float) -> np.ndarray:
    """Return a bicubic copy of a relative size."""
    if size == 1.0:
        return picture
    height, width = picture.shape[:2]
    shape = (max(1, round(width * size)), max(1, round(height * size)))
    return np.stack(
        [Image.fromarray(channel).resize(shape, Image.Resampling.BICUBIC) for channel in np.moveaxis(picture, -1, 0)],
        axis=-1,
    )


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[np.ndarray], _Copies], pictures: Iterable[np.ndarray]
) -> Iterator[_Copies]:
    """Yield a function of every picture in order, and read only a few pictures ahead, because they may be large."""
    waiting: deque[Future[_Copies]] = deque()
    ahead = 2 * (os.cpu_count() or 1)
    for picture in pictures:
        waiting.append(pool.submit(function, picture))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _joined(pictures: list[np.ndarray], channels: int) -> np.ndarray:
    """Return the pixels of pictures one after the other, uint8 [n, channels], and empty the list to save memory."""
    pixels = np.empty((sum(picture.shape[0] * picture.shape[1] for picture in pictures), channels), np.uint8)
    end = len(pixels)
    while pictures:
        rows = pictures.pop().reshape(-1, channels)
        pixels[end - len(rows) : end] = rows
        end -= len(rows)
    return pixels
