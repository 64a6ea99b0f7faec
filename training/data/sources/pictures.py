"""Make a source of picture files: full-size, or cut to one size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.data.batches.pictures import ArrayPictures, Pictures
from training.data.errors import SourceError
from training.data.source import Source
from training.data.sources.picture_files import PictureFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

_MIXED_SIZE = 32
_MEMORY_LIMIT = 1 << 30


class PictureSource(Source):
    """Provide pictures from files, full-size or cut to one size.

    Pictures that share one size keep it. Otherwise, or if `image_size` is given, the shorter side is resized to
    `image_size` (32 by default) and the centre cropped to a square. Fixed-size grey pictures become colour if any
    picture is colour. In addition to its parts the source has the part `all`.
    """

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        names: Sequence[str],
        *,
        parts: Mapping[str, Sequence[int]],
        image_size: int | None = None,
        hint: str = "",
    ) -> None:
        """Read every file once.

        Args:
            name: of the source.
            paths: the picture files.
            names: a name for each file, on which the fingerprint depends instead of on its path.
            parts: the numbers of the files of each part.
            image_size: side of square fixed-size pictures, or None.
            hint: what to do about parts that are missing.

        Raises:
            SourceError: a picture cannot be read.
        """
        self._files, self._names = PictureFiles(paths, names), list(names)
        self._parts = {**parts, "all": range(len(paths))}
        sizes = {shape[:2] for shape in self._files.shapes}
        channels = max(shape[2] for shape in self._files.shapes)
        self._resize = image_size or (_MIXED_SIZE if len(sizes) > 1 else None)
        height, width = (self._resize, self._resize) if self._resize else next(iter(sizes))
        super().__init__(name=name, image_shape=(height, width, channels), splits=tuple(parts), hint=hint)
        self.division = hashlib.sha256(
            repr([(part, [*numbers]) for part, numbers in parts.items()]).encode()
        ).hexdigest()
        self.fingerprint = hashlib.sha256(f"{self._files.digest} {self.image_shape}".encode()).hexdigest()[:12]

    def check_split(self, split: str) -> None:
        """See `Source.check_split`."""
        if split != "all":
            super().check_split(split)

    def _split(self, split: str) -> Pictures:
        chosen = self._full_size(split)
        needed = len(chosen) * int(np.prod(self.image_shape))
        if needed > _MEMORY_LIMIT:
            raise SourceError(
                f"The {split} part of {self.name} takes {needed / 2**30:.1f} GiB as {len(chosen)} pictures of "
                f"{self.image_shape}; give a smaller image_size, or make a TFDS set of it, which is streamed."
            )
        images = np.empty((len(chosen), *self.image_shape), np.uint8)
        fit = self._fitter()
        with ThreadPoolExecutor() as pool:
            for number, picture in enumerate(pool.map(lambda each: fit(chosen[each]), range(len(chosen)))):
                images[number] = picture
        return ArrayPictures(images)

    def _full_size(self, split: str) -> Sequence[np.ndarray]:
        return _Subset(self._files, self._parts[split])

    def names(self, split: str) -> list[str]:
        """See `Source.names`."""
        return [self._names[number] for number in self._parts[split]]

    def _fitter(self) -> Callable[[np.ndarray], np.ndarray]:
        """Return a function that fits a picture of any size to the fixed size and keeps its channels."""
        import tensorflow as tf

        from training.data.batches.fit import to_square

        if self._resize is None:
            return lambda picture: picture
        # One trace serves all sizes. Without it, operation by operation, the call takes three times as long.
        traced = tf.function(to_square, autograph=False).get_concrete_function(
            tf.TensorSpec([None, None, None], tf.uint8), self._resize
        )
        return lambda picture: traced(tf.constant(picture)).numpy()


class _Subset(Sequence[np.ndarray]):
    """Provide the pictures of the given numbers."""

    def __init__(self, pictures: PictureFiles, numbers: Sequence[int]) -> None:
        self._pictures, self._numbers = pictures, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._pictures[number] for number in self._numbers)

    def __getitem__(self, number: Any) -> Any:
        numbers = self._numbers[number]
        return [self._pictures[each] for each in numbers] if isinstance(number, slice) else self._pictures[numbers]


def divide(count: int) -> dict[str, list[int]]:
    """Divide a folder of `count` pictures into parts, by their numbers in name order.

    In every ten pictures the fifth is for validation and the tenth for test; in a folder of three to nine, the middle
    one and the last. One or two pictures are for test only.
    """
    if count < 3:
        return {"test": list(range(count))}
    if count < 10:
        validation, test = [(count - 1) // 2], [count - 1]
    else:
        validation, test = list(range(4, count, 10)), list(range(9, count, 10))
    train = [number for number in range(count) if number not in {*validation, *test}]
    return {"train": train, "validation": validation, "test": test}
