"""Define the interface of a source of pictures."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from training.data.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from training.data.batches.pictures import Pictures, Shape
    from training.data.batches.streamed import StreamedPictures

SPLITS = ("train", "validation", "test")


class Source(ABC):
    """Provide pictures, divided into parts.

    Attributes:
        name: the resolved name, such as `mnist`, `folder:PATH` or `t91+bsds400`.
        reason: why `auto:` chose this source rather than an earlier alternative; empty otherwise.
        image_shape: (height, width, channels) of the fixed-size pictures.
        fingerprint: 12 hex digits that change when the pictures change.
        division: changes when pictures move to another part. Two sources may divide the same pictures differently.
        splits: the parts that this source has, of train, validation and test.
        classes: number of different labels; 0 for pictures without labels.
    """

    fingerprint: str

    def __init__(
        self, name: str, image_shape: Shape, splits: tuple[str, ...], classes: int = 0, hint: str = ""
    ) -> None:
        """Set the attributes of every source; `hint` says what to do about parts that are missing."""
        self.name = name
        self.reason = ""
        self.image_shape = image_shape
        self.division = name
        self.splits = splits
        self.classes = classes
        self._hint = hint
        self._opened: dict[str, Pictures | StreamedPictures] = {}

    @property
    def held_out(self) -> str:
        """Return the part to report results on: test, or validation if there is no test part."""
        return "test" if "test" in self.splits else "validation"

    def split(self, split: str) -> Pictures | StreamedPictures:
        """Return the fixed-size pictures of one part, which are read at the first call.

        Raises:
            SourceError: the source has no such part, or a picture cannot be read.
        """
        self.check_split(split)
        if split not in self._opened:
            self._opened[split] = self._split(split)
        return self._opened[split]

    def pictures(self, split: str) -> Iterable[np.ndarray]:
        """Return the full-size pictures of one part, each read when it is needed: uint8 [h, w, 1 or 3].

        Raises:
            SourceError: the source has no such part, or only small pictures of one size.
        """
        self.check_split(split)
        return self._full_size(split)

    def names(self, split: str) -> Iterable[str]:
        """Return a name for each of `pictures(split)`, in the same order: its file's name, or its number."""
        return map(str, itertools.count())

    def check_split(self, split: str) -> None:
        """Raise `SourceError` if this source has no part `split`."""
        if split not in self.splits:
            raise SourceError(
                f"{self.name} has no {split} part; it has {', '.join(self.splits)}. {self._hint}".rstrip()
            )

    @abstractmethod
    def _split(self, split: str) -> Pictures | StreamedPictures: ...

    def _full_size(self, split: str) -> Iterable[np.ndarray]:
        raise SourceError(
            f"{self.name} has small pictures of one size and cannot train super-resolution; "
            "use photos, t91, bsds400, a TFDS set of photographs or folder:PATH."
        )
