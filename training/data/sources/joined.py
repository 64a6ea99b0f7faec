"""Join several sources to one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from training.data.batches.pictures import JoinedPictures, Pictures
from training.data.batches.streamed import StreamedPictures
from training.data.errors import SourceError
from training.data.source import SPLITS, Source

if TYPE_CHECKING:
    import numpy as np


class JoinedSource(Source):
    """Provide the pictures of several sources, each of which keeps its own division into parts."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Join `sources`. Only `split` requires that they have one height and width."""
        self._sources = list(sources)
        name = "+".join(source.name for source in sources)
        channels = max(source.image_shape[2] for source in sources)
        splits = tuple(split for split in SPLITS if any(split in source.splits for source in sources))
        super().__init__(name=name, image_shape=(*sources[0].image_shape[:2], channels), splits=splits)
        self.division = " ".join(source.division for source in sources)
        parts = " ".join(source.fingerprint for source in sources)
        self.fingerprint = hashlib.sha256(parts.encode()).hexdigest()[:12]

    def _sources_with(self, split: str) -> list[Source]:
        return [source for source in self._sources if split in source.splits]

    def names(self, split: str) -> Iterable[str]:
        """See `Source.names`."""
        return chain.from_iterable(source.names(split) for source in self._sources_with(split))

    def _split(self, split: str) -> Pictures:
        if len({source.image_shape[:2] for source in self._sources}) > 1:
            sizes = ", ".join(f"{each.name} {each.image_shape[0]}x{each.image_shape[1]}" for each in self._sources)
            raise SourceError(f"{self.name} joins pictures of different sizes ({sizes}); give one with image_size.")
        parts = []
        for source in self._sources_with(split):
            part = source.split(split)
            if isinstance(part, StreamedPictures):
                raise SourceError(
                    f"The {split} part of {source.name} is too large for memory and cannot be joined; "
                    "give a smaller image_size, or take it alone."
                )
            parts.append(part)
        return JoinedPictures(parts, self.image_shape[2])

    def _full_size(self, split: str) -> Iterable[np.ndarray]:
        return chain.from_iterable(source.pictures(split) for source in self._sources_with(split))
