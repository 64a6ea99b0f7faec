"""Open the source that a spec names."""

from __future__ import annotations

import time

from training.data.errors import SourceError, SourceUnavailableError
from training.data.source import Source
from training.data.source_kind import Announce
from training.data.sources.joined import JoinedSource
from training.data.spec import Part, parse_spec, validate_source
from zoo.system import hosts


def open_source(spec: str, image_size: int | None = None, seed: int = 0, announce: Announce = lambda _: None) -> Source:
    """Open the source that `spec` names, downloading it if it is a TFDS set that is not prepared.

    `auto:a|b` opens the first alternative that is prepared or whose download host answers, within 5 seconds for all
    alternatives together; the source's `reason` then says why the earlier ones were passed over.

    Args:
        spec: see `validate_source`.
        image_size: side of square fixed-size pictures. If it is None, pictures of one size keep it and pictures of
            mixed sizes become 32x32.
        seed: of sources that draw their training pictures.
        announce: called with a sentence before anything that takes long, such as a download.

    Raises:
        SourceError: the spec is wrong, the source cannot be had, or a picture in it cannot be read.
    """
    if image_size is not None and image_size < 1:
        raise SourceError(f"image_size={image_size} is not a size; give 1 or more.")
    validate_source(spec, training=False)
    alternatives = parse_spec(spec)
    if len(alternatives) == 1:
        return _open(alternatives[0], image_size, seed, announce)
    reasons: list[str] = []
    deadline = time.monotonic() + hosts.PATIENCE
    for parts in alternatives:
        missing = (part.kind.why_missing(part.text, max(0.5, deadline - time.monotonic())) for part in parts)
        reason = next(filter(None, missing), "")
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
    sources = []
    for part in parts:
        part.kind.check_files(part.text)
        sources.append(part.kind.open(part.text, image_size, seed, announce))
    return sources[0] if len(sources) == 1 else JoinedSource(sources)
