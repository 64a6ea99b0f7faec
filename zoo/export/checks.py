"""Check what to export and where to, before TensorFlow takes seconds to start."""

from pathlib import Path

from zoo.formats.errors import ExportError
from zoo.formats.suffixes import SUFFIXES
from zoo.pretrained.load import locate
from zoo.upscaling.enlarger import is_model_file

QUANTISATIONS = ("float16", "int8", "int16")


def check_source(source: str) -> None:
    """Raise an error if a text is neither a published name nor the path of something that may hold a network.

    Raises:
        ExportError: it is the path of a model's file, which does not exist.
        UnknownNameError: it is no path, and no published model has that name.
    """
    if is_model_file(source):
        if not Path(source).is_file():
            raise ExportError(f"{source} is not a file")
    elif not Path(source).is_dir():
        locate(source)


def check_target(
    path: Path, to: str | None, quantise: str | None, calibrate: str | Path | None, *, force: bool = False
) -> str:
    """Return the format of a file to write.

    Raises:
        ExportError: an argument does not fit the file's name or another argument, or the file cannot be written.
    """
    kinds = {suffix: kind for kind, suffix in SUFFIXES.items()}
    kind = kinds.get(path.suffix)
    if kind is None:
        raise ExportError(f"{path} must end in {' or '.join(kinds)}, which decides the format")
    if to not in (None, kind):
        raise ExportError(f"{path} ends as a file of {kind} does, not of {to}")
    if quantise not in (None, *QUANTISATIONS):
        raise ExportError(f"quantise={quantise!r} must be one of {', '.join(QUANTISATIONS)}")
    if quantise and kind != "litert":
        raise ExportError(f"{quantise} is for LiteRT; an ONNX file is quantised with onnxruntime.quantization")
    needs_pictures = quantise in ("int8", "int16")
    if needs_pictures and not calibrate:
        raise ExportError(
            f"{quantise} needs --calibrate with a folder of pictures as the network will see them: ranges of numbers "
            "from other pictures cost some dB"
        )
    if calibrate and not needs_pictures:
        raise ExportError("--calibrate is for --quantise int8 and int16")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ExportError(f"{path} is a folder" if path.is_dir() else f"{path.absolute().parent} is not a folder")
    if path.exists() and not force:
        raise ExportError(f"{path} exists; replace it with --force")
    return kind
