"""From a spec to a source that is ready to be read."""

from __future__ import annotations

import time
from collections.abc import Callable

from training.data.errors import SourceError, SourceUnavailableError
from training.data.source import Source
from training.data.sources.folders import open_folder
from training.data.sources.glyphs import GlyphSource
from training.data.sources.joined import JoinedSource
from training.data.sources.photos import open_photos
from training.data.sources.tfds import TfdsSource
from training.data.sources.tfds_download import prepare, why_unavailable
from training.data.spec import Part, parse_spec, validate_source
from zoo.system import hosts as reachable

Announce = Callable[[str], None]


def open_source(spec: str, image_size: int | None = None, seed: int = 0, announce: Announce = lambda _: None) -> Source:
    """Open the source that `spec` names, downloading it if it is a TFDS set that is not prepared.

    `auto:a|b` gives the first alternative that is at hand or whose download host answers within 5 seconds
    for all alternatives together; the source's `reason` then says why the earlier ones were passed over.

    Args:
        spec: see `validate_source`.
        image_size: side of square fixed-size pictures; where it is None, pictures of one size keep it and
            pictures of mixed sizes get 32.
        seed: seed of sources that draw their training pictures.
        announce: called with a sentence before anything that takes long, such as a download.

    Raises:
        SourceError: if the spec is wrong, the source cannot be had or a picture in it cannot be read.
    """
    if image_size is not None and image_size < 1:
        raise SourceError(f"image_size={image_size} is not a size; give 1 or more.")
    validate_source(spec, training=False)
    alternatives = parse_spec(spec)
    if len(alternatives) == 1:
        return _open(alternatives[0], image_size, seed, announce)
    reasons: list[str] = []
    deadline = time.monotonic() + reachable.PATIENCE
    for parts in alternatives:
        reason = next(filter(None, (_why_missing(part, deadline) for part in parts)), "")
        if not reason:
            try:
                source = _open(parts, image_size, seed, announce)
            except SourceUnavailableError as error:
                reason = error.reason
            else:
                source.reason = "; ".join(reasons)
                return source
        reasons.append(reason)
    raise SourceUnavailableError(
        f"No alternative of {spec} can be had: {'; '.join(reasons)}",
        "Add one that needs no download: glyphs or photos.",
    )


def _open(parts: list[Part], image_size: int | None, seed: int, announce: Announce) -> Source:
    sources = [_open_part(part, image_size, seed, announce) for part in parts]
    return sources[0] if len(sources) == 1 else JoinedSource(sources)


def _open_part(part: Part, image_size: int | None, seed: int, announce: Announce) -> Source:
    if part.tfds is not None:
        return TfdsSource(part.tfds, prepare(part.tfds, announce), image_size)
    folder = part.check_files()
    if folder is not None:
        return open_folder(part.text, folder, image_size)
    return open_photos(image_size) if part.text == "photos" else GlyphSource(image_size, seed)


def _why_missing(part: Part, deadline: float) -> str:
    """Why one part of an alternative cannot be had; empty if it can."""
    if part.tfds is not None:
        return why_unavailable(part.tfds, max(0.5, deadline - time.monotonic()))
    try:
        part.check_files()
    except SourceUnavailableError as error:
        return error.reason
    return ""
