"""The interface of a kind of source: which names belong to it, and how they are checked and opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from training.data.errors import SourceUnavailableError

if TYPE_CHECKING:
    from training.data.source import Source

Announce = Callable[[str], None]


class SourceKind(ABC):
    """Check and open the sources of one kind. None of the checks needs a network or TensorFlow.

    Attributes:
        names: the names of its sources, as far as they can be listed; messages suggest them.
        allowed: the words by which a message lists what a user may write.
        evaluation_only: names of sources that are never trained on.
    """

    names: tuple[str, ...] = ()
    evaluation_only: frozenset[str] = frozenset()

    @property
    def allowed(self) -> str:
        """Return the words by which a message lists what a user may write."""
        return ", ".join(self.names)

    def matches(self, text: str) -> bool:
        """Return whether a part of a source's name belongs to this kind."""
        return text in self.names

    def exists(self, text: str) -> bool:
        """Return whether there is a source of that name, whether or not its pictures are on this machine."""
        return True

    def check(self, text: str) -> None:
        """Raise `SourceError` if the source of that name can never be used, wherever its pictures are."""
        return

    def check_files(self, text: str) -> None:
        """Raise `SourceUnavailableError` if the source's files are not on this machine and cannot be downloaded."""
        return

    def why_missing(self, text: str, seconds: float) -> str:
        """Return why the source cannot be had, or an empty string; a download host gets that many seconds."""
        try:
            self.check_files(text)
        except SourceUnavailableError as error:
            return error.reason
        return ""

    @abstractmethod
    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> Source:
        """Open the source of that name.

        Args:
            text: the name, which `matches`.
            image_size: side of square fixed-size pictures, or None for the source's own.
            seed: of sources that draw their training pictures.
            announce: called with a sentence before anything that takes long, such as a download.

        Raises:
            SourceError: the source cannot be had, or a picture in it cannot be read.
        """
