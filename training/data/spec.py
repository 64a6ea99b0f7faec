"""The grammar of source names: `a`, `a+b`, `auto:a|b+c`, and what the names may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.errors import SourceError
from training.data.sources.folders import EVALUATION_ONLY, SR_FOLDERS, check_folder, sr_folder
from training.data.sources.tfds_sets import (
    SetName,
    builder_class,
    data_folders,
    find_prepared,
    image_key,
    new_builder,
    parse_set_name,
    registered_names,
    seems_image_set,
)
from zoo.names import similar

OWN_NAMES = ("glyphs", "photos", *SR_FOLDERS)

_AUTO, _FOLDER = "auto:", "folder:"


@dataclass(frozen=True)
class Part:
    """One source in a spec: one of our own names, a folder or a TFDS set."""

    text: str
    folder: Path | None = None
    tfds: SetName | None = None

    def check_files(self) -> Path | None:
        """The folder of picture files that this source is, None if it is another kind of source.

        Raises:
            SourceUnavailableError: if the folder is missing or holds no pictures.
        """
        folder = sr_folder(self.text) if self.text in SR_FOLDERS else self.folder
        if folder is not None:
            check_folder(self.text, folder)
        return folder


def parse_spec(spec: str) -> list[list[Part]]:
    """Take a spec apart: alternatives (one, unless it begins with `auto:`) of sources to join.

    Raises:
        SourceError: if the spec is not well-formed. Whether its names exist is not looked at.
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
        SourceError: with what is wrong and what to do about it.
    """
    alternatives = parse_spec(spec)
    for part in (part for alternative in alternatives for part in alternative):
        if training and part.text in EVALUATION_ONLY:
            raise SourceError(
                f"{part.text} is for evaluation only and never trained on; "
                "train on t91, bsds400, photos or folder:PATH."
            )
        if part.tfds is not None:
            _check_set(part.tfds)
        elif len(alternatives) == 1:
            part.check_files()


def _separate(text: str, separator: str) -> list[str]:
    """Split at `separator`, but not inside the path of a folder that exists."""
    pieces = text.split(separator)
    parts: list[str] = []
    while pieces:
        taken = 1
        if pieces[0].startswith(_FOLDER):
            joined = (separator.join(pieces[:size]) for size in range(len(pieces), 0, -1))
            exists = (_folder_path(candidate).is_dir() for candidate in joined)
            taken = next((len(pieces) - skipped for skipped, found in enumerate(exists) if found), 1)
        parts.append(separator.join(pieces[:taken]))
        pieces = pieces[taken:]
    return parts


def _folder_path(text: str) -> Path:
    return Path(text.removeprefix(_FOLDER)).expanduser()


def _parse_part(spec: str, text: str) -> Part:
    text = text.strip()
    if text in OWN_NAMES:
        return Part(text)
    if text.startswith(_FOLDER) and text != _FOLDER:
        return Part(text, folder=_folder_path(text))
    name = parse_set_name(text)
    if name is not None:
        return Part(text, tfds=name)
    what = f"{text!r} in the source {spec!r}" if text != spec else f"The source {spec!r}"
    allowed = f"a TFDS image set, {', '.join(OWN_NAMES)}, folder:PATH, a+b or auto:a|b"
    raise SourceError(f"{what} is not a name; give {allowed}.{_suggestion(text)}")


def _check_set(name: SetName) -> None:
    builder = find_prepared(name)
    if builder is None:
        if builder_class(name) is None:
            raise SourceError(
                f"There is no source {name.text!r}: it is not in TFDS, and none of {', '.join(OWN_NAMES)}, "
                f"folder:PATH.{_suggestion(name.name)}"
            )
        builder = new_builder(name, data_folders()[0])
    image_key(name.text, builder)


def _suggestion(text: str) -> str:
    known = [*OWN_NAMES, *registered_names()]
    close = similar(text.lower(), known, count=8, least=0.55)
    usable = [name for name in close if name in OWN_NAMES or seems_image_set(name)][:4]
    return f" Did you mean {' or '.join(usable)}?" if usable else ""
