"""Download and prepare a TensorFlow Datasets set, completely or not at all."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.data.errors import SourceUnavailableError
from training.data.sources.tfds_sets import SetName, data_folders, download_url, find_prepared, new_builder
from zoo.system import hosts as reachable


def why_unavailable(name: SetName, seconds: float = reachable.PATIENCE) -> str:
    """Return why a set is not prepared and cannot be downloaded, or an empty string.

    The download host gets `seconds` to answer.
    """
    if find_prepared(name) is not None:
        return ""
    builder = new_builder(name, data_folders()[0])
    if builder is None:
        return f"{name.text} is not prepared and TFDS does not know how to prepare it"
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return f"{name.text} is not prepared and must be downloaded by hand"
    url = download_url(builder)
    if url is None:
        return f"{name.text} is not prepared and TFDS lists no address to download it from"
    if not reachable.answers(url, seconds):
        return f"{name.text} is not prepared and {reachable.host_of(url)} did not answer within {seconds:.0f} s"
    return ""


def unavailable(name: SetName, reason: str) -> SourceUnavailableError:
    """Return the error that says why a set cannot be had, where it was looked for and how to get it."""
    folders = [str(folder) for folder in data_folders()]
    return SourceUnavailableError(
        reason,
        f"Looked in {' and '.join(folders)}. Set TFDS_DATA_DIR to a folder that has it, or prepare "
        f"it where there is a network: `tfds build {name.text} --data_dir {folders[0]}`. Or take other pictures, "
        "such as DATA=glyphs.",
    )


def prepare(name: SetName, announce: Callable[[str], None] = lambda _: None) -> Any:
    """Return the builder of a set, after downloading the set if it is not prepared.

    `announce` is called with a sentence before a download. The set is prepared in a temporary folder next to its place
    and moved when it is complete.

    Raises:
        SourceUnavailableError: the set is not prepared and cannot be downloaded.
    """
    prepared = find_prepared(name)
    if prepared is not None:
        return prepared
    reason = why_unavailable(name)
    if reason:
        raise unavailable(name, reason)
    folder = data_folders()[0]
    announce(f"{name.text} is not prepared; downloading it to {folder}")
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".incomplete-{name.name}-", dir=folder) as incomplete:
            _download(name, Path(incomplete), folder)
    except Exception as error:
        raise unavailable(name, f"Preparing {name.text} failed: {type(error).__name__}: {error}") from error
    finally:
        for parent in missing:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
    prepared = find_prepared(name)
    if prepared is None:
        raise unavailable(name, f"{name.text} was prepared in {folder} but cannot be read back")
    return prepared


def _download(name: SetName, incomplete: Path, folder: Path) -> None:
    import tensorflow_datasets as tfds

    builder = new_builder(name, incomplete)
    assert builder is not None
    # TFDS prints to standard output, where users expect only the output of the command.
    with contextlib.redirect_stdout(sys.stderr):
        builder.download_and_prepare(
            download_dir=str(incomplete / "downloads"),
            download_config=tfds.download.DownloadConfig(try_download_gcs=False),
        )
    place = folder / Path(builder.data_dir).relative_to(incomplete)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        Path(builder.data_dir).rename(place)
    except OSError:
        # Another process may have prepared the same set in the meantime.
        if not place.exists():
            raise
