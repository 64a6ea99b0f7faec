"""The grammar of source names: `a`, `a+b`, `auto:a|b+c`."""

from __future__ import annotations

from dataclasses import dataclass

from training.data.errors import SourceError
from training.data.known_sources import allowed_words, find_kind, suggestion
from training.data.source_kind import SourceKind
from training.data.sources.folders import FOLDER, folder_path

_AUTO = "auto:"


@dataclass(frozen=True)
class Part:
    """Hold one source of a spec: its name, and the kind that opens it."""

    text: str
    kind: SourceKind


def parse_spec(spec: str) -> list[list[Part]]:
    """Split a spec into alternatives (one, unless it begins with `auto:`) of sources to join.

    Raises:
        SourceError: the spec is not well-formed. Whether its sources exist is not checked.
    """
    text = spec.strip()
    automatic = text.startswith(_AUTO)
    alternatives = _separate(text.removeprefix(_AUTO), "|") if automatic else [text]
    return [[_parse_part(spec, part) for part in _separate(each, "+")] for each in alternatives]


def validate_source(spec: str, *, training: bool = True) -> None:
    """Check that a spec is well-formed and names sources that exist, without a network or TensorFlow.

    Args:
        spec: `mnist`, `glyphs`, `photos`, `t91`, `folder:PATH`, `a+b`, `auto:a|b` and so on.
        training: whether it is to be trained on; sets kept for evaluation are then refused.

    Raises:
        SourceError: says what is wrong and what to do about it.
    """
    alternatives = parse_spec(spec)
    for part in (part for alternative in alternatives for part in alternative):
        if training and part.text in part.kind.evaluation_only:
            raise SourceError(
                f"{part.text} is for evaluation only and never trained on; "
                "train on t91, bsds400, photos or folder:PATH."
            )
        if not part.kind.exists(part.text):
            raise SourceError(
                f"There is no source {part.text!r}{suggestion(part.text)}; give the name of a set of TFDS, or "
                f"{allowed_words()}."
            )
        part.kind.check(part.text)
        if len(alternatives) == 1:
            part.kind.check_files(part.text)


def _separate(text: str, separator: str) -> list[str]:
    """Split a text at a separator, except inside the path of a folder that exists."""
    pieces = text.split(separator)
    parts: list[str] = []
    while pieces:
        taken = 1
        if pieces[0].startswith(FOLDER):
            joined = (separator.join(pieces[:size]) for size in range(len(pieces), 0, -1))
            exists = (folder_path(candidate).is_dir() for candidate in joined)
            taken = next((len(pieces) - skipped for skipped, is_folder in enumerate(exists) if is_folder), 1)
        parts.append(separator.join(pieces[:taken]))
        pieces = pieces[taken:]
    return parts


def _parse_part(spec: str, text: str) -> Part:
    text = text.strip()
    kind = find_kind(text)
    if kind is not None:
        return Part(text, kind)
    subject = f"{text!r} in the source {spec!r}" if text != spec else f"The source {spec!r}"
    allowed = f"a TFDS image set, {allowed_words()}, a+b or auto:a|b"
    raise SourceError(f"{subject} is not a name{suggestion(text)}; give {allowed}.")
