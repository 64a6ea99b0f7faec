"""The table of all kinds of sources. A new kind is its file in `sources/` and a row here."""

from training.data.source_kind import SourceKind
from training.data.sources import tfds_sets
from training.data.sources.folders import AnyFolder, NamedFolders
from training.data.sources.glyphs import Glyphs
from training.data.sources.photos import Photos
from training.data.sources.tfds import TfdsSets
from zoo.names import did_you_mean, similar

SOURCES: list[SourceKind] = [Glyphs(), Photos(), NamedFolders(), AnyFolder(), TfdsSets()]
"""Every kind of source. The first one that matches a name opens it; that of TFDS, the last, takes any plain word."""


def register_source(kind: SourceKind) -> None:
    """Add a kind of source; it is asked before TFDS, which takes any plain word.

    Raises:
        ValueError: one of its names belongs to another kind.
    """
    for name in kind.names:
        if name in own_names():
            raise ValueError(f"source {name!r} is registered already; choose another name")
    SOURCES.insert(len(SOURCES) - 1, kind)


def find_kind(text: str) -> SourceKind | None:
    """Return the kind that a name belongs to, or None."""
    return next((kind for kind in SOURCES if kind.matches(text)), None)


def own_names() -> tuple[str, ...]:
    """Return the names of all sources but those of TFDS."""
    return tuple(name for kind in SOURCES[:-1] for name in kind.names)


def allowed_words() -> str:
    """Return what a user may write besides the name of a TFDS set, as messages list it."""
    return ", ".join(kind.allowed for kind in SOURCES[:-1])


def suggestion(text: str) -> str:
    """Return existing sources whose names resemble a misspelt one, as `zoo.names.closest` does."""
    close = similar(text.lower(), [*own_names(), *tfds_sets.registered_names()], count=8, least=0.55)
    usable = [name for name in close if name in own_names() or tfds_sets.seems_image_set(name)][:3]
    return did_you_mean(usable)
